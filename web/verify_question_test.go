package web_test

import (
	"net/http"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// Envoy asks with the method of the call, and puts its path behind the one of
// the question.
func TestVerifyOfQuestionsLikeTheCall(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	direct, proxied := webtest.New(t, f.Store), webtest.New(t, f.Store, behindLoopback)
	register(t, f, models.NewService{Name: "billing", ReadOnly: models.ParseReadRules("GET /reports/**\nPOST /search")}, models.NewService{Name: "free-eu"})
	_, reads := f.Issue(f.Alice, models.NewKey{Access: models.AccessWish{Level: "ReadOnly"}})
	_, full := f.Issue(f.Alice, models.NewKey{})
	for _, test := range []struct {
		name, method, path string
		header             http.Header
		direct, want       int // of the key that reads, from somebody and from a trusted proxy
		full               int
	}{
		{"reading", "GET", "/verify/billing/-/reports/1?page=2", nil, 403, 200, 200},
		{"a POST that reads", "POST", "/verify/billing/-/search", nil, 403, 200, 200},
		{"writing", "DELETE", "/verify/billing/-/reports/1", nil, 403, 403, 200},
		{"elsewhere", "GET", "/verify/billing/-/admin", nil, 403, 403, 200},
		{"escapes", "GET", "/verify/billing/-/reports/%2e%2e/admin", nil, 403, 403, 200},
		{"an escaped slash", "GET", "/verify/billing/-/reports%2f1", nil, 403, 403, 200},
		{"two slashes", "GET", "/verify/billing/-//reports/1", nil, 403, 403, 200},
		{"another question inside", "POST", "/verify/billing/-/verify/billing/-/search", nil, 403, 403, 200},
		{"no path", "GET", "/verify/billing/-", nil, 403, 403, 200},
		{"what headers say does not count", "DELETE", "/verify/billing/-/reports/1", http.Header{"X-Forwarded-Method": {"GET"}, "X-Original-Uri": {"/reports/1"}}, 403, 403, 200},
		{"a service with a hyphen and no rules", "GET", "/verify/free-eu/-/x", nil, 403, 200, 200},
		{"its writing", "PUT", "/verify/free-eu/-/x", nil, 403, 403, 200},
		{"no service", "GET", "/verify/-/x", nil, 404, 404, 404},
		{"another dash", "GET", "/verify/billing/-x", nil, 404, 404, 404},
		{"no dash", "POST", "/verify/billing", nil, 405, 405, 405},
	} {
		for site, want := range map[*webtest.Site]int{direct: test.direct, proxied: test.want} {
			wantVerdictOf(t, test.name, site.WithKey(reads.Reveal()).Do(test.method, test.path, "", test.header), want)
			wantVerdictOf(t, test.name, site.WithKey(full.Reveal()).Do(test.method, test.path, "", test.header), test.full)
		}
	}
	wantVerdict(t, proxied.Client().Do("POST", "/verify/billing/-/search", "", nil), 401)
}

func wantVerdictOf(t *testing.T, name string, a webtest.Answer, want int) {
	t.Helper()
	if a.Status != want {
		t.Errorf("%s: got status %d, want %d", name, a.Status, want)
		return
	}
	wantVerdict(t, a, want)
}
