package views

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/keyport/keyport/static"
)

// gallery is a folder to look at every state of every page in a browser without
// a server behind it: go test ./views -run Gallery -gallery /tmp/pages
var gallery = flag.String("gallery", "", "folder to write all pages to, with their assets")

var assetURL = regexp.MustCompile(`/static/[^"]+`)

// Each page is a document on its own, and what it loads is served.
func TestGallery(t *testing.T) {
	folder := *gallery
	if folder == "" {
		folder = t.TempDir()
	}
	for _, s := range pages() {
		html := rendered(t, s.component)
		write(t, filepath.Join(folder, s.name+".html"), []byte(html))
		assets := assetURL.FindAllString(html, -1)
		if len(assets) < 4 {
			t.Errorf("%s loads %d assets, want icon, font, stylesheet and script", s.name, len(assets))
		}
		for _, url := range assets {
			write(t, filepath.Join(folder, url), asset(t, url))
		}
	}
	css := asset(t, static.URL("app.css"))
	for _, m := range regexp.MustCompile(`url\("?\./([^")]+)`).FindAllSubmatch(css, -1) {
		write(t, filepath.Join(folder, "static", string(m[1])), asset(t, "/static/"+string(m[1])))
	}
}

func asset(t *testing.T, url string) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s = %d, want 200", url, w.Code)
	}
	return w.Body.Bytes()
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
