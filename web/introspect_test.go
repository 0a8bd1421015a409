package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/keyauth"
	"github.com/keyport/keyport/web/webtest"
)

// askingService returns a client that asks by a key of the robot which is for
// these services.
func askingService(f *storetest.Fixture, site *webtest.Site, services ...string) *webtest.Client {
	_, secret := f.Issue(f.Robot, models.NewKey{Access: models.AccessWish{Level: "ReadOnly", Services: services}})
	return site.WithKey(secret.Reveal())
}

// shorten says of an answer what counts.
func shorten(t *testing.T, a webtest.Answer) string {
	t.Helper()
	var got struct {
		Active        bool
		Denied, Scope string
	}
	if err := json.Unmarshal([]byte(a.Want(200).Body), &got); err != nil {
		t.Fatal(err)
	}
	if !got.Active && got.Denied == "" && strings.Join(strings.Fields(a.Body), "") != `{"active":false}` {
		t.Errorf("an answer about nothing says more: %s", a.Body)
	}
	return strings.TrimSpace(fmt.Sprint(got.Active, " ", got.Denied, got.Scope))
}

func TestIntrospection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		billing := askingService(f, site, "billing")
		if _, err := f.Store.CreateService(f.As(f.Admin), models.NewService{Name: "billing", ReadOnly: models.ParseReadRules("GET /**\nPOST /search")}); err != nil {
			t.Fatal(err)
		}
		issue := func(w models.AccessWish) string {
			_, secret := f.Issue(f.Alice, models.NewKey{Access: w})
			return secret.Reveal()
		}
		whole, reads := issue(models.AccessWish{}), issue(models.AccessWish{Level: "ReadOnly"})
		stock, office := issue(models.AccessWish{Services: []string{"stock"}}), issue(models.AccessWish{Allowed: []string{"192.0.2.0/24"}})
		tests := []struct {
			name, token string
			more        url.Values
			want        string
		}{
			{"whole", whole, nil, "true read write"},
			{"a hint", whole, url.Values{"token_type_hint": {"access_token"}}, "true read write"},
			{"reads", reads, url.Values{"method": {"GET"}, "uri": {"/x?y=1"}}, "true read"},
			{"reads by a rule", reads, url.Values{"method": {"POST"}, "uri": {"/search"}}, "true read"},
			{"reads and would write", reads, url.Values{"method": {"POST"}, "uri": {"/x"}}, "false read-only"},
			{"another service", stock, nil, "false service"},
			{"from its network", office, url.Values{"ip": {"192.0.2.9"}}, "true read write"},
			{"from elsewhere", office, url.Values{"ip": {"198.51.100.9"}}, "false"},
			{"from somewhere", office, nil, "false"},
			{"unknown", models.NewSecret().Reveal(), nil, "false"},
			{"damaged", whole[:len(whole)-1] + "_", nil, "false"},
			{"nonsense", "\x00", nil, "false"},
			{"revoked", deadKey(t, f, "revoked key"), nil, "false"},
			{"disabled", deadKey(t, f, "disabled key"), nil, "false"},
		}
		for _, tt := range tests {
			form := url.Values{"token": {tt.token}}
			for name, values := range tt.more {
				form[name] = values
			}
			if got := shorten(t, billing.Form("/introspect", form)); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
			}
		}
	})
}

func TestIntrospectionTellsWho(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		asking := askingService(f, site)
		ends := f.Store.Now().Add(time.Hour)
		key, secret := f.Issue(f.Alice, models.NewKey{Expires: models.ExpiresAt(ends), Access: models.AccessWish{Services: []string{"billing"}}})
		form := url.Values{"token": {secret.Reveal()}, "service": {"billing"}}
		a := asking.Form("/introspect", form).Want(200)
		for path, want := range map[string]any{"active": true, "sub": f.Alice.PublicID(), "username": "alice", "exp": float64(ends.Unix()), "iat": float64(key.CreatedAt.Unix()), "client_id": key.ID, "aud.0": "billing", "token_type": "Bearer"} {
			if got := dig(t, a, path); got != want {
				t.Errorf("%s: got %v, want %v", path, got, want)
			}
		}
		if a.Header.Get("Cache-Control") != "no-store" || strings.Contains(a.Body, secret.Reveal()) || strings.Contains(site.Log(), secret.Reveal()) {
			t.Errorf("the answer can be kept, or shows the key: %v %s", a.Header, a.Body)
		}
		f.Clock.Advance(2 * time.Hour)
		if got := shorten(t, asking.Form("/introspect", form)); got != "false" {
			t.Errorf("expired: got %q", got)
		}
	})
}

func TestIntrospectionIsNoOracle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, alices := f.Issue(f.Alice, models.NewKey{})
		form := url.Values{"token": {alices.Reveal()}}
		inBody := url.Values{"token": {alices.Reveal()}, "client_secret": {alices.Reveal()}, "apikey": {alices.Reveal()}}
		several := askingService(f, site, "billing", "stock")
		for name, tt := range map[string]struct {
			client *webtest.Client
			path   string
			form   url.Values
			want   int
		}{
			"nobody":                {site.Client(), "/introspect", form, 401},
			"by the body":           {site.Client(), "/introspect", inBody, 401},
			"by the query":          {site.Client(), "/introspect?apikey=" + alices.Reveal(), form, 401},
			"a wrong key":           {site.WithKey(models.NewSecret().Reveal()), "/introspect", form, 401},
			"a session":             {browserOf(f, site, f.Admin), "/introspect", form, 401},
			"a person's key":        {site.WithKey(alices.Reveal()), "/introspect", form, 403},
			"not its service":       {several, "/introspect", url.Values{"token": {"x"}, "service": {"archive"}}, 403},
			"which of its services": {several, "/introspect", form, 400},
			"no token":              {askingService(f, site), "/introspect", nil, 400},
			"two tokens":            {askingService(f, site), "/introspect", url.Values{"token": {"a", "b"}}, 400},
			"no address":            {askingService(f, site), "/introspect", url.Values{"token": {"a"}, "ip": {"here"}}, 400},
		} {
			if a := tt.client.Form(tt.path, tt.form); a.Status != tt.want || strings.Contains(a.Body, "active") {
				t.Errorf("%s: got %d %s, want %d", name, a.Status, a.Body, tt.want)
			}
		}
		two := askingService(f, site)
		two.Header.Set("Authorization", "Bearer "+alices.Reveal())
		two.Form("/introspect", form).Want(401)
	})
}

func TestIntrospectionOfSeveral(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		asking := askingService(f, site, "billing")
		_, good := f.Issue(f.Alice, models.NewKey{})
		_, reads := f.Issue(f.Bob, models.NewKey{Access: models.AccessWish{Level: "ReadOnly"}})
		call := func(secret models.Secret, method string) string {
			return `{"token":"` + secret.Reveal() + `","method":"` + method + `","uri":"/"}`
		}
		a := asking.JSON(http.MethodPost, "/introspect/batch", `{"service":"billing","calls":[`+strings.Join([]string{call(good, "PUT"), call(models.NewSecret(), "GET"), call(reads, "GET"), call(reads, "PUT")}, ",")+`]}`).Want(200)
		var answer struct {
			Results []struct {
				Active           bool
				Username, Denied string
			}
		}
		if err := json.Unmarshal([]byte(a.Body), &answer); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range answer.Results {
			got = append(got, fmt.Sprint(r.Active, r.Username, r.Denied))
		}
		if want := []string{"truealice", "false", "truebob", "falseread-only"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		for name, body := range map[string]string{
			"none": `{"calls":[]}`, "101": `{"calls":[` + strings.Repeat(`{"token":"x"},`, 100) + `{"token":"x"}]}`, "one without a token": `{"calls":[{"token":"x"},{}]}`, "no list": `{"calls":"x"}`,
		} {
			if a := asking.JSON(http.MethodPost, "/introspect/batch", body); a.Status != 400 {
				t.Errorf("%s: got %d %s, want 400", name, a.Status, a.Body)
			}
		}
	})
}

// The middleware that applications import, against the real thing.
func TestMiddlewareAsksKeyport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, own := f.Issue(f.Robot, models.NewKey{Access: models.AccessWish{Level: "ReadOnly", Services: []string{"billing"}}})
		guard, err := keyauth.New(keyauth.Options{Keyport: site.URL, Key: own.Reveal(), Service: "billing"})
		if err != nil {
			t.Fatal(err)
		}
		application := httptest.NewServer(guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who, _ := keyauth.From(r.Context())
			fmt.Fprint(w, who.Username, " ", who.ReadOnly)
		})))
		defer application.Close()
		call := func(method string, secret models.Secret) string {
			r, _ := http.NewRequestWithContext(t.Context(), method, application.URL+"/invoices", nil)
			r.Header.Set("X-Octopus-ApiKey", secret.Reveal())
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, _ := io.ReadAll(answer.Body)
			return strings.TrimSpace(fmt.Sprint(answer.StatusCode, " ", string(body)))
		}
		key, reads := f.Issue(f.Alice, models.NewKey{Access: models.AccessWish{Level: "ReadOnly"}})
		_, stock := f.Issue(f.Alice, models.NewKey{Access: models.AccessWish{Services: []string{"stock"}}})
		_, near := f.Issue(f.Alice, models.NewKey{Access: models.AccessWish{Allowed: []string{"127.0.0.0/8", "::1/128"}}})
		_, far := f.Issue(f.Alice, models.NewKey{Access: models.AccessWish{Allowed: []string{"192.0.2.0/24"}}})
		for _, tt := range []struct {
			method string
			secret models.Secret
			want   string
		}{
			{"GET", reads, "200 alice true"},
			{"POST", reads, "403 The API key is not for this call (read-only)."},
			{"GET", stock, "403 The API key is not for this call (service)."},
			{"POST", near, "200 alice false"},
			{"GET", far, "401 The API key is not valid."},
			{"GET", models.NewSecret(), "401 The API key is not valid."},
		} {
			if got := call(tt.method, tt.secret); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.method, got, tt.want)
			}
		}
		if _, err := f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, key.ID); err != nil {
			t.Fatal(err)
		}
		if got := call("GET", reads); got != "401 The API key is not valid." {
			t.Errorf("revoked: got %q", got)
		}
	})
}

// Whoever asks with wrong credentials is slowed down like at any other door,
// and whoever asks about wrong keys without end is too. Right keys don't count.
func TestIntrospectionIsBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, good := f.Issue(f.Alice, models.NewKey{})
		for range 60 {
			site.WithKey(models.NewSecret().Reveal()).Form("/introspect", url.Values{"token": {good.Reveal()}}).Want(401)
		}
		slow := site.WithKey(models.NewSecret().Reveal()).Form("/introspect", url.Values{"token": {good.Reveal()}}).Want(429)
		if slow.Header.Get("Retry-After") == "" {
			t.Error("nobody says how long to wait")
		}
		asking, other := askingService(f, site, "billing"), askingService(f, site, "billing")
		asking.Form("/introspect", url.Values{"token": {good.Reveal()}}).Want(200)
		batch := batchOf(slices.Repeat([]string{models.NewSecret().Reveal()}, 100))
		calls := 0
		for ; asking.JSON(http.MethodPost, "/introspect/batch", batch).Status == 200; calls++ {
			if calls > 700 {
				t.Fatal("wrong keys may be asked about without end")
			}
		}
		if calls < 600 {
			t.Errorf("only %d batches before the limit, want 600", calls)
		}
		for range 2 {
			if a := asking.Form("/introspect", url.Values{"token": {good.Reveal()}}).Want(429); a.Header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
			}
		}
		for range 3 {
			other.Form("/introspect", url.Values{"token": {good.Reveal()}}).Want(200)
		}
		f.Clock.Advance(time.Minute)
		asking.Form("/introspect", url.Values{"token": {good.Reveal()}}).Want(200)
	})
}

func batchOf(tokens []string) string {
	calls := make([]map[string]string, len(tokens))
	for i, token := range tokens {
		calls[i] = map[string]string{"token": token}
	}
	body, _ := json.Marshal(map[string]any{"calls": calls})
	return string(body)
}
