package static

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// get asks the handler as a browser would.
func get(method, url string) *http.Response {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(method, url, nil))
	return w.Result()
}

func TestURLCarriesAHash(t *testing.T) {
	tests := []struct{ name, want, contentType string }{
		{"app.css", `^/static/app\.[0-9a-f]{8}\.css$`, "text/css; charset=utf-8"},
		{"app.js", `^/static/app\.[0-9a-f]{8}\.js$`, "text/javascript; charset=utf-8"},
		{"favicon.svg", `^/static/favicon\.[0-9a-f]{8}\.svg$`, "image/svg+xml"},
		{"licences.txt", `^/static/licences\.[0-9a-f]{8}\.txt$`, "text/plain; charset=utf-8"},
		{"inter-latin-wght-normal.woff2", `^/static/inter-latin-wght-normal\.[0-9A-Z]{8}\.woff2$`, "font/woff2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url := URL(tt.name)
			if !regexp.MustCompile(tt.want).MatchString(url) {
				t.Errorf("URL(%q) = %q, want a match of %s", tt.name, url, tt.want)
			}
			res := get(http.MethodGet, url)
			if res.StatusCode != http.StatusOK || res.ContentLength == 0 {
				t.Errorf("GET %s = %d with %d bytes, want 200 with content", url, res.StatusCode, res.ContentLength)
			}
			if got := res.Header.Get("Content-Type"); got != tt.contentType {
				t.Errorf("content type of %s = %q, want %q", url, got, tt.contentType)
			}
			if got, want := res.Header.Get("Cache-Control"), "public, max-age=31536000, immutable"; got != want {
				t.Errorf("Cache-Control of %s = %q, want %q", url, got, want)
			}
		})
	}
}

func TestUnknownNamePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("URL of an unknown name returned, want a panic")
		}
	}()
	URL("app.less")
}

func TestHandlerRefuses(t *testing.T) {
	tests := []struct {
		name, method, url string
		want              int
	}{
		{"no hash", "GET", "/static/app.css", 404},
		{"another hash", "GET", "/static/app.00000000.css", 404},
		{"the folder", "GET", "/static/", 404},
		{"the source", "GET", "/static/../static.go", 404},
		{"a post", "POST", URL("app.css"), 405},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := get(tt.method, tt.url).StatusCode; got != tt.want {
				t.Errorf("%s %s = %d, want %d", tt.method, tt.url, got, tt.want)
			}
		})
	}
}

func TestHeadSendsNoBody(t *testing.T) {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodHead, URL("app.css"), nil))
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0" {
		t.Errorf("HEAD = %d, %d bytes, length %s, want 200, none, the real length", w.Code, w.Body.Len(), w.Header().Get("Content-Length"))
	}
}

// What the stylesheet asks for must be there, or text falls back to another font.
func TestStylesheetRefersToServedFiles(t *testing.T) {
	css := string(files[URL("app.css")].body)
	refs := regexp.MustCompile(`url\(([^)]*)\)`).FindAllStringSubmatch(css, -1)
	if len(refs) < 3 {
		t.Fatalf("the stylesheet has %d references, want the fonts", len(refs))
	}
	for _, ref := range refs {
		url := prefix + strings.TrimPrefix(strings.Trim(ref[1], `"'`), "./")
		if _, known := files[url]; !known {
			t.Errorf("app.css refers to %s, which is not served", ref[1])
		}
	}
}

// The stylesheet leaves the choice of theme to the browser; a build with an old
// target would replace it.
func TestBuildKeepsWhatTheDesignRelyOn(t *testing.T) {
	css := string(files[URL("app.css")].body)
	for _, want := range []string{"light-dark(", "@layer reset", "@container"} {
		if !strings.Contains(css, want) {
			t.Errorf("app.css has no %q", want)
		}
	}
	for _, f := range []string{"app.css", "app.js"} {
		if body := string(files[URL(f)].body); strings.Contains(body, "sourceMappingURL") || strings.Contains(body, "node_modules") {
			t.Errorf("%s names files of the machine it was built on", f)
		}
	}
}
