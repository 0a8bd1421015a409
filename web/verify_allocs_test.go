package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

// unheard answers nobody, and may be used again.
type unheard struct {
	header http.Header
	status int
}

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) WriteHeader(status int)      { u.status = status }
func (u *unheard) Write(b []byte) (int, error) { return len(b), nil }

// What a call costs besides what net/http itself does: of a key that is warm its
// texts and the list of header values, of what can't be a key nothing.
func TestVerifyAllocatesLittle(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store, func(o *web.Options) { o.Log = slog.New(slog.DiscardHandler) })
	register(t, f, models.NewService{Name: "billing"})
	_, secret := f.Issue(f.Alice, models.NewKey{})
	for _, test := range []struct {
		name, key string
		status    int
		most      float64
	}{
		{"a warm key", secret.Reveal(), 200, 3},
		{"nonsense", "nonsense", 401, 0},
		{"a damaged key", strings.ToLower(secret.Reveal()), 401, 0},
	} {
		r := httptest.NewRequest(http.MethodGet, "/verify/billing", nil)
		r.Header = http.Header{"X-Api-Key": {test.key}, "User-Agent": {"curl/8.5"}, "Accept": {"*/*"}}
		w := &unheard{header: http.Header{}}
		ask := func() { site.Server.Handler().ServeHTTP(w, r) }
		for until := time.Now().Add(10 * time.Second); test.status == 200 && f.Store.VerifyStats().Cached == 0; ask() {
			if time.Now().After(until) {
				t.Fatal("the cache never answered")
			}
		}
		if got := testing.AllocsPerRun(500, ask); got > test.most {
			t.Errorf("%s: %v allocations, want at most %v", test.name, got, test.most)
		}
		if w.status != test.status {
			t.Errorf("%s: got status %d, want %d", test.name, w.status, test.status)
		}
	}
}

// A flood of refusals is logged in part, and the log says how many are missing.
func TestVerifyLogsRefusalsInPart(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	client := site.WithKey("nonsense")
	began := time.Now()
	const calls = 300
	for range calls {
		client.Get("/verify")
	}
	seconds := int(time.Since(began)/time.Second) + 2
	lines := strings.Count(site.Log(), `"verification"`)
	if lines < 20 || lines > 20*seconds {
		t.Errorf("%d of %d refusals were logged within %d seconds, want some, and at most 20 in each second", lines, calls, seconds)
	}
	time.Sleep(1100 * time.Millisecond)
	client.Get("/verify")
	if lines < calls && !strings.Contains(site.Log(), `"left_out_before":`) || strings.HasSuffix(strings.TrimSpace(site.Log()), `"left_out_before":0}`) {
		t.Errorf("the log does not say how many refusals it left out: %s", site.Log())
	}
}
