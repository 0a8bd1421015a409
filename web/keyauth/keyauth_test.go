package keyauth_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/web/keyauth"
)

// desk stands for Keyport: it answers by the token, and counts.
type desk struct {
	asked, calls atomic.Int64
	answer       func(token, method string) string // "" for the usual one
	status       int
	slow         chan struct{} // answers wait for it
	*httptest.Server
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{status: 200}
	d.Server = httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(d.Close)
	return d
}

func (d *desk) serve(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Service string
		Calls   []struct{ Token, Method, URI, IP string }
	}
	body, _ := io.ReadAll(r.Body)
	if json.Unmarshal(body, &sent) != nil || r.URL.Path != "/introspect/batch" || r.Header.Get("Authorization") != "Bearer API-APPLICATION" || sent.Service != "billing" {
		http.Error(w, "not what was expected", http.StatusBadRequest)
		return
	}
	d.asked.Add(1)
	d.calls.Add(int64(len(sent.Calls)))
	if d.slow != nil {
		<-d.slow
	}
	var results []string
	for _, c := range sent.Calls {
		results = append(results, d.judge(c.Token, c.Method))
	}
	w.WriteHeader(d.status)
	fmt.Fprintf(w, `{"results":[%s]}`, strings.Join(results, ","))
}

func (d *desk) judge(token, method string) string {
	if d.answer != nil {
		return d.answer(token, method)
	}
	switch {
	case strings.HasPrefix(token, "good"):
		return fmt.Sprintf(`{"active":true,"scope":"read write","username":"alice","sub":"Users-1","key_id":"apikeys-1","exp":%d}`, time.Now().Add(time.Hour).Unix())
	case token == "reads" && method != "GET":
		return `{"active":false,"denied":"read-only"}`
	}
	return `{"active":false}`
}

func (d *desk) guard(t *testing.T, remember time.Duration) http.Handler {
	t.Helper()
	g, err := keyauth.New(keyauth.Options{Keyport: d.URL, Key: "API-APPLICATION", Service: "billing", Remember: remember})
	if err != nil {
		t.Fatal(err)
	}
	return g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := keyauth.From(r.Context())
		fmt.Fprint(w, ok, who.Username, who.Subject, who.ReadOnly, r.Header.Get("X-Octopus-ApiKey"), r.Header.Get("Authorization"))
	}))
}

func call(h http.Handler, method string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/invoices?page=2", nil)
	r.Header = header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func with(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func TestGuard(t *testing.T) {
	guard := openDesk(t).guard(t, 0)
	tests := []struct {
		name   string
		method string
		header http.Header
		status int
	}{
		{"key", "GET", with("X-Octopus-ApiKey", "good"), 200},
		{"other header", "GET", with("X-Api-Key", "good"), 200},
		{"bearer", "GET", with("Authorization", "Bearer good"), 200},
		{"small bearer", "GET", with("Authorization", "bearer good"), 200},
		{"none", "GET", with(), 401},
		{"empty", "GET", with("X-Octopus-ApiKey", ""), 401},
		{"another scheme", "GET", with("Authorization", "Basic good"), 401},
		{"wrong", "GET", with("X-Octopus-ApiKey", "wrong"), 401},
		{"two", "GET", with("X-Octopus-ApiKey", "good", "X-Octopus-ApiKey", "good"), 400},
		{"two headers", "GET", with("X-Octopus-ApiKey", "good", "Authorization", "Bearer wrong"), 400},
		{"twin", "GET", with("X_Octopus_ApiKey", "good"), 401},
		{"reads", "POST", with("X-Octopus-ApiKey", "reads"), 403},
	}
	for _, tt := range tests {
		w := call(guard, tt.method, tt.header)
		if w.Code != tt.status {
			t.Errorf("%s: got %d %s, want %d", tt.name, w.Code, w.Body, tt.status)
		}
		if w.Code == 200 && w.Body.String() != "true"+"aliceUsers-1"+"false" {
			t.Errorf("%s: the application sees %q", tt.name, w.Body)
		}
		if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") || w.Code != 200 && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", tt.name, w.Header())
		}
	}
}

// Whatever goes wrong with asking, no call passes.
func TestGuardIsShutOnFaults(t *testing.T) {
	const exp = `,"exp":4102444800`
	faults := map[string]func(d *desk){
		"gone":         func(d *desk) { d.Close() },
		"error":        func(d *desk) { d.status = 500 },
		"refused":      func(d *desk) { d.status = 401 },
		"slowed":       func(d *desk) { d.status = 429 },
		"moved":        func(d *desk) { d.status = 307 },
		"created":      func(d *desk) { d.status = 201 },
		"no JSON":      func(d *desk) { d.answer = func(string, string) string { return "<html>" } },
		"one too many": func(d *desk) { d.answer = func(string, string) string { return `{"active":true},{"active":true}` } },
		"nobody":       func(d *desk) { d.answer = func(string, string) string { return `{"active":true` + exp + `}` } },
		"no end":       func(d *desk) { d.answer = func(string, string) string { return `{"active":true,"sub":"Users-1"}` } },
		"active, and denied": func(d *desk) {
			d.answer = func(string, string) string { return `{"active":true,"sub":"Users-1","denied":"service"` + exp + `}` }
		},
		"a word for a truth": func(d *desk) {
			d.answer = func(string, string) string { return `{"active":"true","sub":"Users-1"` + exp + `}` }
		},
	}
	for name, fault := range faults {
		d := openDesk(t)
		fault(d)
		w := call(d.guard(t, time.Second), "GET", with("X-Octopus-ApiKey", "good"))
		if w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: got %d %s, want 503 with Retry-After", name, w.Code, w.Body)
		}
	}
}

func TestGuardRemembersForAMoment(t *testing.T) {
	d := openDesk(t)
	guard := d.guard(t, 300*time.Millisecond)
	for range 5 {
		call(guard, "GET", with("X-Octopus-ApiKey", "good"))
		call(guard, "GET", with("X-Octopus-ApiKey", "wrong"))
	}
	if got := d.calls.Load(); got != 6 {
		t.Errorf("asked about %d calls, want 6: one that passed and five that did not", got)
	}
	if w := call(guard, "POST", with("X-Octopus-ApiKey", "good")); w.Code != 200 || d.calls.Load() != 7 {
		t.Error("another method must be asked about")
	}
	d.answer = func(string, string) string { return `{"active":false}` }
	time.Sleep(320 * time.Millisecond)
	if w := call(guard, "GET", with("X-Octopus-ApiKey", "good")); w.Code != 401 {
		t.Errorf("after a moment: got %d, want 401", w.Code)
	}
}

// Calls that come while others are on their way are asked about together.
func TestGuardAsksTogether(t *testing.T) {
	d := openDesk(t)
	d.slow = make(chan struct{})
	guard := d.guard(t, 0)
	var all sync.WaitGroup
	var passed atomic.Int64
	for i := range 400 {
		all.Go(func() {
			if call(guard, "GET", with("X-Octopus-ApiKey", fmt.Sprint("good", i/4))).Code == 200 {
				passed.Add(1)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	close(d.slow)
	all.Wait()
	if passed.Load() != 400 || d.asked.Load() > 40 {
		t.Errorf("%d calls passed with %d requests, want 400 with a few", passed.Load(), d.asked.Load())
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]keyauth.Options{
		"nowhere":        {Key: "k", Service: "s"},
		"half":           {Keyport: "keyport.example.com", Key: "k", Service: "s"},
		"password":       {Keyport: "https://a:b@keyport.example.com", Key: "k", Service: "s"},
		"no key":         {Keyport: "https://keyport.example.com", Service: "s"},
		"no service":     {Keyport: "https://keyport.example.com", Key: "k"},
		"a long memory":  {Keyport: "https://keyport.example.com", Key: "k", Service: "s", Remember: 2 * time.Second},
		"a memory ahead": {Keyport: "https://keyport.example.com", Key: "k", Service: "s", Remember: -1},
	} {
		if _, err := keyauth.New(o); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// In Echo the guard is middleware like any other.
func TestGuardInEcho(t *testing.T) {
	d := openDesk(t)
	g, err := keyauth.New(keyauth.Options{Keyport: d.URL, Key: "API-APPLICATION", Service: "billing"})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Use(echo.WrapMiddleware(g.Handler))
	e.GET("/invoices", func(c echo.Context) error {
		who, _ := keyauth.From(c.Request().Context())
		return c.String(http.StatusOK, "Invoices of "+who.Username)
	})
	if w := call(e, "GET", with("X-Octopus-ApiKey", "good")); w.Code != 200 || w.Body.String() != "Invoices of alice" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := call(e, "GET", with()); w.Code != 401 {
		t.Errorf("without a key: got %d, want 401", w.Code)
	}
}
