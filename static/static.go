// Package static holds the stylesheet, script, fonts and icon of the pages,
// built from static/src into static/dist and embedded in the program. A file is
// served under a name that carries a hash of its content, so replicas agree on
// it and browsers may keep it for good.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
)

const prefix = "/static/"

//go:embed dist
var dist embed.FS

// The content types are fixed here and not looked up, because the look-up asks
// the machine it runs on and would answer differently from one to the next.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".txt":   "text/plain; charset=utf-8",
	".woff2": "font/woff2",
}

// hashed matches a name to which the build has already given a hash: the fonts,
// which the stylesheet refers to.
var hashed = regexp.MustCompile(`^(.+)\.[0-9A-Z]{8}(\.[a-z0-9]+)$`)

// file is one embedded file, ready to be sent.
type file struct {
	body        []byte
	contentType string
}

// urls leads from the name a page uses to the address, files from the address
// to what is sent. Both are complete before the first request.
var urls, files = load()

// load panics on a file it has no content type for: a mistake in the build.
func load() (map[string]string, map[string]file) {
	entries, err := fs.ReadDir(dist, "dist")
	if err != nil {
		panic(err)
	}
	urls, files := map[string]string{}, map[string]file{}
	for _, entry := range entries {
		body, err := fs.ReadFile(dist, "dist/"+entry.Name())
		if err != nil {
			panic(err)
		}
		contentType, known := contentTypes[path.Ext(entry.Name())]
		if !known {
			panic("static: no content type for " + entry.Name())
		}
		name, public := names(entry.Name(), body)
		urls[name] = prefix + public
		files[prefix+public] = file{body, contentType}
	}
	return urls, files
}

// names returns what pages call a file and the name it is published under.
func names(built string, body []byte) (name, public string) {
	if m := hashed.FindStringSubmatch(built); m != nil {
		return m[1] + m[2], built
	}
	sum := sha256.Sum256(body)
	ext := path.Ext(built)
	return built, built[:len(built)-len(ext)] + "." + hex.EncodeToString(sum[:4]) + ext
}

// URL returns the address of a file, for example "/static/app.4f2a91c0.css" for
// "app.css". It panics on an unknown name, which only a typing error can be.
func URL(name string) string {
	url, known := urls[name]
	if !known {
		panic("static: no file named " + strconv.Quote(name))
	}
	return url
}

// Handler serves the files at the addresses that URL returns, and 404 for
// anything else.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	f, known := files[r.URL.Path]
	if !known {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodGet {
		_, _ = w.Write(f.body) // a reader who has gone away is no error of ours
	}
}
