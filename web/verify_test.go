package web_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

// identity are the headers that every answer of /verify carries.
var identity = []string{"X-Keyport-User-Id", "X-Keyport-User", "X-Keyport-Key-Id", "X-Keyport-Is-Service", "X-Keyport-Access", "X-Keyport-Expires", "X-Keyport-Service"}

// behindLoopback trusts the address from which tests come, as a proxy.
func behindLoopback(o *web.Options) {
	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

func TestVerifyTellsWhoCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		register(t, f, models.NewService{Name: "billing"})
		key, secret := f.Issue(f.Robot, models.NewKey{})
		for _, header := range []string{"X-Octopus-ApiKey", "X-Api-Key", "Authorization"} {
			client, value := site.Client(), secret.Reveal()
			if header == "Authorization" {
				value = "Bearer " + value
			}
			client.Header.Set(header, value)
			a := client.Get("/verify/billing")
			wantVerdict(t, a, 200)
			want := []string{f.Robot.PublicID(), f.Robot.Username, key.ID, "true", "FullAccess", key.ExpiresAt.Format(time.RFC3339), "billing"}
			for i, name := range identity {
				if got := a.Header.Get(name); got != want[i] {
					t.Errorf("%s: %s = %q, want %q", header, name, got, want[i])
				}
			}
			head := client.Do(http.MethodHead, "/verify/billing", "", nil)
			if head.Status != 200 || head.Body != "" || head.Header.Get("X-Keyport-Key-Id") != key.ID {
				t.Errorf("HEAD: got %d %q %v, want the headers of GET alone", head.Status, head.Body, head.Header)
			}
		}
	})
}

// wantVerdict checks the status and what holds for every answer.
func wantVerdict(t *testing.T, a webtest.Answer, want int) {
	t.Helper()
	if a.Status != want {
		t.Errorf("got status %d, want %d: %s", a.Status, want, a.Body)
	}
	for _, name := range identity {
		if got := a.Header.Values(name); len(got) != 1 || a.Status != 200 && got[0] != "" {
			t.Errorf("status %d: %s = %q, want it once, and empty in a refusal", a.Status, name, got)
		}
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Location") != "" || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("status %d: headers %v, want no-store, no redirect and no cookie", a.Status, a.Header)
	}
	if (a.Header.Get("WWW-Authenticate") != "") != (a.Status == 401) {
		t.Errorf("status %d: WWW-Authenticate = %q", a.Status, a.Header.Get("WWW-Authenticate"))
	}
}

func TestVerifyRefusesAlike(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, good := f.Issue(f.Alice, models.NewKey{})
		damaged := []byte(good.Reveal())
		damaged[10] = "AB"[damaged[10]&1] // another letter, whichever it was
		keys := map[string]string{"none": "", "unknown": models.NewSecret().Reveal(), "damaged": string(damaged), "lower case": strings.ToLower(good.Reveal()), "short": good.Reveal()[:29]}
		for _, kind := range []string{"expired key", "revoked key", "disabled key"} {
			keys[kind] = deadKey(t, f, kind)
		}
		first := ""
		for kind, key := range keys {
			a := site.WithKey(key).Get("/verify/billing")
			wantVerdict(t, a, 401)
			a.Header.Del("Date")
			bytes := a.Body + strings.Join(headerLines(a.Header), "\n")
			if first == "" {
				first = bytes
			}
			if bytes != first {
				t.Errorf("%s: the answer differs:\n%s\nfrom\n%s", kind, bytes, first)
			}
		}
		if secrets := site.Log(); strings.Contains(secrets, good.Reveal()) {
			t.Error("a key stands in the log")
		}
	})
}

func headerLines(h http.Header) []string {
	var lines strings.Builder
	_ = h.Write(&lines)
	return strings.Split(lines.String(), "\r\n")
}

// What a key is limited to holds at /verify: services, networks and reading.
func TestVerifyHoldsAccess(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	direct, proxied := webtest.New(t, f.Store), webtest.New(t, f.Store, behindLoopback)
	register(t, f, models.NewService{Name: "billing"}, models.NewService{Name: "stock"})
	for _, test := range []struct {
		name   string
		access models.AccessWish
		path   string
		header http.Header
		direct int // from somebody
		want   int // from a trusted proxy
	}{
		{"its service", models.AccessWish{Services: []string{"billing"}}, "/verify/billing", nil, 200, 200},
		{"another service", models.AccessWish{Services: []string{"billing"}}, "/verify/stock", nil, 403, 403},
		{"a service that is not registered", models.AccessWish{}, "/verify/archive", nil, 403, 403},
		{"its service that is not registered", models.AccessWish{Services: []string{"archive"}}, "/verify/archive", nil, 403, 403},
		{"no service named", models.AccessWish{Services: []string{"billing"}}, "/verify", nil, 403, 403},
		{"a service in another letter case", models.AccessWish{Services: []string{"billing"}}, "/verify/Billing", nil, 404, 404},
		{"reading", models.AccessWish{Level: "ReadOnly"}, "/verify/billing", http.Header{"X-Forwarded-Method": {"GET"}}, 403, 200},
		{"reading, as nginx says it", models.AccessWish{Level: "ReadOnly"}, "/verify/billing", http.Header{"X-Original-Method": {"HEAD"}}, 403, 200},
		{"writing", models.AccessWish{Level: "ReadOnly"}, "/verify/billing", http.Header{"X-Forwarded-Method": {"POST"}}, 403, 403},
		{"nobody says what", models.AccessWish{Level: "ReadOnly"}, "/verify/billing", nil, 403, 403},
		{"two methods", models.AccessWish{Level: "ReadOnly"}, "/verify/billing", http.Header{"X-Forwarded-Method": {"GET", "POST"}}, 403, 403},
		{"two who say it", models.AccessWish{Level: "ReadOnly"}, "/verify/billing", http.Header{"X-Forwarded-Method": {"GET"}, "X-Original-Method": {"GET"}}, 403, 403},
		{"a method in small letters", models.AccessWish{Level: "ReadOnly"}, "/verify/billing", http.Header{"X-Forwarded-Method": {"get"}}, 403, 403},
		{"its network", models.AccessWish{Allowed: []string{"198.51.100.0/24"}}, "/verify/billing", http.Header{"X-Forwarded-For": {"198.51.100.7"}}, 403, 200},
		{"another network", models.AccessWish{Allowed: []string{"198.51.100.0/24"}}, "/verify/billing", http.Header{"X-Forwarded-For": {"198.51.100.7, 203.0.113.9"}}, 403, 403},
		{"a denied network", models.AccessWish{Denied: []string{"203.0.113.0/24"}}, "/verify/billing", http.Header{"X-Forwarded-For": {"203.0.113.9"}}, 200, 403},
	} {
		_, secret := f.Issue(f.Alice, models.NewKey{Access: test.access})
		for site, want := range map[*webtest.Site]int{direct: test.direct, proxied: test.want} {
			client := site.WithKey(secret.Reveal())
			if a := client.Do(http.MethodGet, test.path, "", test.header); a.Status != want {
				t.Errorf("%s, behind a proxy: %v: got status %d, want %d", test.name, site == proxied, a.Status, want)
			} else {
				wantVerdict(t, a, want)
			}
		}
	}
}

// Other methods ask nothing, and what looks like the address isn't it.
func TestVerifyHasOneAddress(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	client := site.WithKey(secret.Reveal())
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		if a := client.Do(method, "/verify/billing", "", nil); a.Status != 405 || a.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d, Allow %q, want 405 and what is allowed", method, a.Status, a.Header.Get("Allow"))
		}
	}
	for _, path := range []string{"/verify/billing/more", "/verify//", "/verify/%2e%2e", "/verify/billing%00", "/verifying"} {
		if a := client.Get(path); a.Status == 200 {
			t.Errorf("%s: got 200", path)
		}
	}
}

// Wrong keys that might be right are slowed down, and right ones go on.
func TestVerifySlowsDownGuessing(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	register(t, f, models.NewService{Name: "billing"})
	_, good := f.Issue(f.Alice, models.NewKey{})
	for range 60 {
		site.WithKey(models.NewSecret().Reveal()).Get("/verify/billing")
	}
	slowed := site.WithKey(models.NewSecret().Reveal()).Get("/verify/billing")
	wantVerdict(t, slowed, 429)
	if slowed.Header.Get("Retry-After") == "" {
		t.Error("429 does not say when to come back")
	}
	wantVerdict(t, site.WithKey(good.Reveal()).Get("/verify/billing"), 200)
	wantVerdict(t, site.WithKey("nonsense").Get("/verify/billing"), 401)
}

// Without a database nobody is refused for good: whoever reads 401 throws the
// key away.
func TestVerifyWithoutDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, secret := f.Issue(f.Alice, models.NewKey{})
		f.Store.Close()
		a := site.WithKey(secret.Reveal()).Get("/verify/billing")
		wantVerdict(t, a, 503)
		if a.Header.Get("Retry-After") == "" {
			t.Error("503 does not say when to come back")
		}
		wantVerdict(t, site.WithKey("nonsense").Get("/verify/billing"), 401)
	})
}
