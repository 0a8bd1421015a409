package web_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// register makes services for /verify.
func register(t *testing.T, f *storetest.Fixture, wishes ...models.NewService) []models.Service {
	t.Helper()
	var made []models.Service
	for _, wish := range wishes {
		s, err := f.Store.CreateService(f.As(f.Admin), wish)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, s)
	}
	return made
}

// A key may use up its minute at each service, and then goes on evenly.
func TestVerifyHoldsTheRateOfAService(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		slow := register(t, f, models.NewService{Name: "slow", RatePerMinute: 6}, models.NewService{Name: "slower", RatePerMinute: 1}, models.NewService{Name: "free"})[0]
		_, secret := f.Issue(f.Alice, models.NewKey{})
		_, another := f.Issue(f.Alice, models.NewKey{})
		alice, other := site.WithKey(secret.Reveal()), site.WithKey(another.Reveal())
		for range 6 {
			wantVerdict(t, alice.Get("/verify/slow"), 200)
		}
		refused := alice.Get("/verify/slow")
		wantVerdict(t, refused, 429)
		if wait, err := strconv.Atoi(refused.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 11 {
			t.Errorf("Retry-After = %q, want about the ten seconds until the next call", refused.Header.Get("Retry-After"))
		}
		wantVerdict(t, other.Get("/verify/slow"), 200)
		wantVerdict(t, alice.Get("/verify/slower"), 200)
		wantVerdict(t, alice.Get("/verify/slower"), 429)
		for range 10 {
			wantVerdict(t, alice.Get("/verify/free"), 200)
			wantVerdict(t, alice.Get("/verify"), 200)
		}
		f.Clock.Advance(11 * time.Second)
		wantVerdict(t, alice.Get("/verify/slow"), 200)
		wantVerdict(t, alice.Get("/verify/slow"), 429)
		if _, err := f.Store.ChangeService(f.As(f.Admin), slow.ID, models.ServiceChange{}); err != nil {
			t.Fatal(err)
		}
		wantVerdict(t, alice.Get("/verify/slow"), 200)
	})
}

// A service is known at once where it was registered, and a call to it judged by
// the rules that it has now.
func TestVerifyKnowsServices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store, behindLoopback)
		_, secret := f.Issue(f.Alice, models.NewKey{Access: models.AccessWish{Level: "ReadOnly"}})
		client := site.WithKey(secret.Reveal())
		post := http.Header{"X-Forwarded-Method": {"POST"}, "X-Forwarded-Uri": {"/search?q=1"}}
		ask := func(want int) {
			t.Helper()
			wantVerdict(t, client.Do(http.MethodGet, "/verify/billing", "", post), want)
		}
		ask(403)
		s := register(t, f, models.NewService{Name: "billing"})[0]
		ask(403)
		ctx := f.As(f.Admin)
		if _, err := f.Store.ChangeService(ctx, s.ID, models.ServiceChange{NewService: models.NewService{ReadOnly: models.ParseReadRules("POST /search")}}); err != nil {
			t.Fatal(err)
		}
		ask(200)
		if _, err := f.Store.DeleteService(ctx, s.ID); err != nil {
			t.Fatal(err)
		}
		ask(403)
		wantVerdict(t, site.WithKey("nonsense").Get("/verify/billing"), 401)
	})
}

// The rules of a service judge the call that a trusted proxy tells of, and no
// other.
func TestVerifyReadsByRules(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	direct, proxied := webtest.New(t, f.Store), webtest.New(t, f.Store, behindLoopback)
	register(t, f, models.NewService{Name: "billing", ReadOnly: models.ParseReadRules("GET /reports/**\nPOST /search")})
	_, secret := f.Issue(f.Alice, models.NewKey{Access: models.AccessWish{Level: "ReadOnly"}})
	untrusted := map[int]int{200: 403, 403: 403, 400: 400} // what the same call is worth when nobody we trust tells of it
	for name, test := range map[string]struct {
		header http.Header
		want   int
	}{
		"by a rule":            {http.Header{"X-Forwarded-Method": {"POST"}, "X-Forwarded-Uri": {"/search"}}, 200},
		"as nginx says it":     {http.Header{"X-Original-Method": {"GET"}, "X-Original-Uri": {"/reports/2027/1?page=2"}}, 200},
		"by no rule":           {http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/people"}}, 403},
		"another method":       {http.Header{"X-Forwarded-Method": {"DELETE"}, "X-Forwarded-Uri": {"/reports/1"}}, 403},
		"no path":              {http.Header{"X-Forwarded-Method": {"GET"}}, 403},
		"no method":            {http.Header{"X-Forwarded-Uri": {"/reports/1"}}, 403},
		"two paths":            {http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/reports/1", "/people"}}, 403},
		"two who say a path":   {http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/reports/1"}, "X-Original-Uri": {"/people"}}, 403},
		"a way out of a path":  {http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/reports/../people"}}, 403},
		"an escape":            {http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/reports/%2e%2e/people"}}, 403},
		"a whole address":      {http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"http://billing/reports/1"}}, 403},
		"a path's look-alike":  {http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/reports/1"}, "X_Forwarded_Uri": {"/people"}}, 400},
		"another's look-alike": {http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/reports/1"}, "X-Original_Uri": {"/people"}}, 400},
	} {
		for site, want := range map[*webtest.Site]int{proxied: test.want, direct: untrusted[test.want]} {
			a := site.WithKey(secret.Reveal()).Do(http.MethodGet, "/verify/billing", "", test.header)
			if a.Status != want {
				t.Errorf("%s, behind a proxy: %v: got %d, want %d", name, site == proxied, a.Status, want)
			}
		}
	}
}
