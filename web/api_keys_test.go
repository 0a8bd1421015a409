package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

func TestAPIKeyLifeOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, secret := usable(t, f, f.Alice)
		alice := site.WithKey(secret)
		keys := "/api/users/" + f.Alice.PublicID() + "/apikeys"

		made := alice.JSON(http.MethodPost, keys, `{"Purpose":"Pipeline","UserId":"Users-999","Links":{},"Id":"","Created":"x"}`).Want(200).JSON()
		text, _ := made["ApiKey"].(string)
		if _, ok := models.ParseSecret(text); !ok {
			t.Fatalf("ApiKey is %q, want a plain key", made["ApiKey"])
		}
		if made["UserId"] != f.Alice.PublicID() {
			t.Errorf("the owner is %v, want the one in the path", made["UserId"])
		}
		self := keys + "/" + made["Id"].(string)
		if got := made["Links"].(map[string]any)["Self"]; got != self {
			t.Errorf("Links.Self is %v, want %s", got, self)
		}

		site.WithKey(text).Get("/api/users/me").Want(200)
		bearer := site.Client()
		bearer.Header.Set("Authorization", "Bearer "+text)
		bearer.Get("/api/users/me").Want(200)

		read := alice.Get(self).Want(200)
		if strings.Contains(read.Body, text) {
			t.Error("reading a key shows its secret")
		}
		value := read.JSON()["ApiKey"].(map[string]any)
		if value["HasValue"] != true || value["NewValue"] != nil || value["Hint"] != text[:7]+"•••••••" {
			t.Errorf("ApiKey is %v", value)
		}

		if body := strings.TrimSpace(alice.Do(http.MethodDelete, self, "", nil).Want(200).Body); body != "{}" {
			t.Errorf("DELETE answers %q, want {}", body)
		}
		site.WithKey(text).Get("/api/users/me").Want(401)
		alice.Get(self).Want(404)
		alice.Do(http.MethodDelete, self, "", nil).Want(200)
	})
}

func TestExpiresOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, secret, err := f.Store.IssueAPIKey(f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: "maker", Expires: models.MaximumExpiry()})
		if err != nil {
			t.Fatal(err)
		}
		alice, now := site.WithKey(secret.Reveal()), f.Store.Now()
		in := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339Nano) }
		const day = 24 * time.Hour
		tests := []struct {
			name, expires string
			want          time.Time // zero: refused
		}{
			{"absent", ``, now.Add(180 * day)},
			{"null is the maximum", `,"Expires":null`, now.Add(366 * day)},
			{"a minute", `,"Expires":"` + in(time.Minute) + `"`, now.Add(time.Minute)},
			{"the maximum", `,"Expires":"` + in(366*day) + `"`, now.Add(366 * day)},
			{"beyond the maximum", `,"Expires":"` + in(366*day+time.Second) + `"`, time.Time{}},
			{"now", `,"Expires":"` + in(0) + `"`, time.Time{}},
			{"past", `,"Expires":"` + in(-time.Second) + `"`, time.Time{}},
			{"offset", `,"Expires":"2027-01-01T09:00:00+09:00"`, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
			{"small letters", `,"Expires":"2027-01-01t00:00:00z"`, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
			{"no offset", `,"Expires":"2027-01-01T00:00:00"`, time.Time{}},
			{"a date", `,"Expires":"2027-01-01"`, time.Time{}},
			{"offset of a day", `,"Expires":"2026-12-31T23:59:59+24:00"`, time.Time{}},
			{"a comma", `,"Expires":"2026-12-31T23:59:59,5Z"`, time.Time{}},
			{"leap second", `,"Expires":"2026-12-31T23:59:60Z"`, time.Time{}},
			{"30 February", `,"Expires":"2027-02-30T00:00:00Z"`, time.Time{}},
			{"empty", `,"Expires":""`, time.Time{}},
			{"never", `,"Expires":"never"`, time.Time{}},
			{"far future", `,"Expires":"9999-12-31T00:00:00Z"`, time.Time{}},
			{"a number", `,"Expires":0`, time.Time{}},
			{"an object", `,"Expires":{}`, time.Time{}},
			{"300 digits", `,"Expires":"` + strings.Repeat("2", 300) + `"`, time.Time{}},
		}
		for _, test := range tests {
			before := census(f)
			a := alice.JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"p"`+test.expires+`}`)
			if test.want.IsZero() {
				if a.Status != 400 || len(a.JSON()["Errors"].([]any)) == 0 || census(f) != before {
					t.Errorf("%s: got %d %s, want a 400 with Errors and nothing written", test.name, a.Status, a.Body)
				}
				continue
			}
			got, err := time.Parse(time.RFC3339, a.Want(200).JSON()["Expires"].(string))
			if err != nil || got.Sub(test.want).Abs() >= time.Millisecond {
				t.Errorf("%s: got %s, want %s (%v)", test.name, got, test.want, err)
			}
		}
	})
}

// TestAKeyNeverMakesAnotherThatOutlivesIt walks chains of keys that make keys.
func TestAKeyNeverMakesAnotherThatOutlivesIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, secret := usable(t, f, f.Alice)
		ceiling := f.Store.Now().Add(30 * 24 * time.Hour)
		for range 5 {
			maker := site.WithKey(secret)
			maker.JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"longer","Expires":"`+ceiling.Add(time.Second).Format(time.RFC3339Nano)+`"}`).Want(400)
			for _, body := range []string{`{"Purpose":"default"}`, `{"Purpose":"maximum","Expires":null}`} {
				made := maker.JSON(http.MethodPost, "/api/users/me/apikeys", body).Want(200).JSON()
				got, err := time.Parse(time.RFC3339, made["Expires"].(string))
				if err != nil || got.After(ceiling) {
					t.Fatalf("%s made a key that ends at %s, after its maker at %s", body, got, ceiling)
				}
				secret = made["ApiKey"].(string)
			}
		}
	})
}

func TestBadJSONIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, secret := usable(t, f, f.Alice)
		alice := site.WithKey(secret)
		tests := []struct{ name, body string }{
			{"nothing", ``}, {"blank", `  `}, {"null", `null`}, {"a list", `[]`}, {"text", `"x"`}, {"half", `{"Purpose":`}, {"two", `{"Purpose":"a"}{}`},
			{"no purpose", `{}`}, {"null purpose", `{"Purpose":null}`}, {"empty", `{"Purpose":""}`}, {"blanks", `{"Purpose":"  \t "}`},
			{"201 characters", `{"Purpose":"` + strings.Repeat("ä", 201) + `"}`}, {"a number", `{"Purpose":123}`}, {"list for text", `{"Purpose":["a","b"]}`},
			{"NUL", `{"Purpose":"a\u0000b"}`}, {"newline", `{"Purpose":"a\nb"}`}, {"half a surrogate", `{"Purpose":"a\ud800b"}`},
			{"not UTF-8", "{\"Purpose\":\"a\xffb\"}"}, {"override", `{"Purpose":"a\u202eb"}`}, {"combining", `{"Purpose":"` + strings.Repeat("\u0301", 10000) + `"}`},
			{"twice", `{"Purpose":"a","Purpose":"b"}`}, {"twice in other case", `{"Purpose":"a","PURPOSE":"b"}`},
			{"deep", `{"Purpose":"a","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`},
			{"very deep", `{"x":` + strings.Repeat(`{"x":`, 10000)},
		}
		for _, test := range tests {
			before := census(f)
			a := alice.JSON(http.MethodPost, "/api/users/me/apikeys", test.body)
			var body struct {
				ErrorMessage string
				Errors       []string
			}
			if err := json.Unmarshal([]byte(a.Body), &body); err != nil || a.Status != 400 || body.ErrorMessage == "" || len(body.Errors) == 0 || census(f) != before {
				t.Errorf("%s: got %d %.200s, want a 400 with ErrorMessage and Errors and nothing written", test.name, a.Status, a.Body)
			}
		}
		alice.JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"`+strings.Repeat("x", 70000)+`"}`).Want(413)
		if strings.Contains(site.Log(), secret) || strings.Contains(f.Log.String(), secret) {
			t.Error("the log holds a key")
		}
	})
}

// TestNearMissesOpenNothing presents what is almost a key, and what is a key in
// almost the right place.
func TestNearMissesOpenNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, k := usable(t, f, f.Alice)
		_, other := usable(t, f, f.Bob)
		misses := []http.Header{
			{"X-Octopus-Apikey": {k, other}}, {"X-Octopus-Apikey": {other}, "Authorization": {"Bearer " + k}}, {"X-Octopus-Apikey": {k + "," + k}},
			{"Authorization": {k}}, {"Authorization": {"Basic " + k}}, {"Authorization": {"Bearer"}}, {"X_octopus_apikey": {k}},
			{"X-Octopus-Apikey": {strings.ToLower(k)}}, {"X-Octopus-Apikey": {`"` + k + `"`}}, {"X-Octopus-Apikey": {k + "A"}}, {"X-Octopus-Apikey": {"API-"}},
			{"X-Octopus-Apikey": {"null"}}, {"X-Octopus-Apikey": {strings.Replace(k, "API-", "api-", 1)}}, {"X-Octopus-Apikey": {k[:20]}}, {"Cookie": {"keyport=" + k}},
		}
		for i := range k {
			misses = append(misses, http.Header{"X-Octopus-Apikey": {k[:i]}})
		}
		for _, h := range misses {
			if a := site.Client().Do(http.MethodGet, "/api/users/me", "", h); a.Status != 401 {
				t.Errorf("%v opened the API: %d", h, a.Status)
			}
		}
		careful := webtest.New(t, f.Store, func(o *web.Options) { o.RefuseKeyInQuery = true })
		for _, query := range []string{"apikey", "ApiKey", "X-Octopus-ApiKey"} {
			careful.Client().Get("/api/users/me?" + query + "=" + k).Want(401)
		}
		for _, query := range []string{"apikey", "ApiKey"} { // older scripts of Octopus send it so
			site.Client().Get("/api/users/me?" + query + "=" + k).Want(200)
			browserOf(f, site, f.Bob).Get("/account/profile?" + query + "=" + k).Want(200)
			site.Client().Get("/account/profile?" + query + "=" + k).Want(303)
		}
		site.Client().Do(http.MethodGet, "/api/users/me?apikey="+k, "", http.Header{"X-Octopus-Apikey": {other}}).Want(401)
		both := site.WithKey(k)
		both.Header.Set("Authorization", "Bearer "+k)
		both.Get("/api/users/me").Want(200) // the same key twice is one credential
		empty := site.Client()
		empty.Header.Set("X-Octopus-ApiKey", "")
		empty.Header.Set("Authorization", "Bearer "+k)
		empty.Get("/api/users/me").Want(200) // an empty header is none
		if strings.Contains(site.Log(), k) {
			t.Error("the log holds a key")
		}
	})
}

func TestRefusalsOfDeadKeysAreTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		want := site.WithKey("nonsense").Get("/api/users/me").Want(401)
		for _, kind := range []string{"wrong key", "expired key", "revoked key", "disabled key"} {
			a := clientFor(t, f, site, kind).Get("/api/users/me")
			for _, h := range []http.Header{a.Header, want.Header} {
				h.Del("X-Request-Id")
				h.Del("Date")
			}
			if a.Status != want.Status || a.Body != want.Body || len(a.Header) != len(want.Header) {
				t.Errorf("%s: got %d %s %v, want the same as nonsense", kind, a.Status, a.Body, a.Header)
			}
		}
		if !strings.Contains(want.Body, "You must be logged in to request this resource") || !strings.Contains(want.Body, "provide a valid API key") {
			t.Errorf("the 401 text lacks the phrases that tools look for: %s", want.Body)
		}
	})
}

func TestKeyCollectionPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for range 7 {
			f.Issue(f.Bob, models.NewKey{Purpose: "Nightly report"})
		}
		_, secret := usable(t, f, f.Bob)
		bob, seen, next := site.WithKey(secret), map[string]bool{}, "/api/users/me/apikeys?take=3&partialPurpose=NIGHTLY"
		for pages := 0; next != "" && pages < 9; pages++ {
			page := bob.Get(next).Want(200).JSON()
			for _, item := range page["Items"].([]any) {
				seen[item.(map[string]any)["Id"].(string)] = true
			}
			if page["TotalResults"] != 7.0 || page["NumberOfPages"] != 3.0 || page["LastPageNumber"] != 2.0 {
				t.Errorf("envelope: %v", page)
			}
			next, _ = page["Links"].(map[string]any)["Page.Next"].(string)
		}
		if len(seen) != 7 {
			t.Errorf("walking Page.Next found %d keys, want 7", len(seen))
		}
		for _, query := range []string{"take=2147483647", "take=0&skip=0", "partialKeyword=" + secret[:7]} {
			bob.Get("/api/users/me/apikeys?" + query).Want(200)
		}
		for _, query := range []string{"take=-1", "take=x", "skip=1%20or%201=1", "take=2147483648", "partialPurpose=%00"} {
			bob.Get("/api/users/me/apikeys?" + query).Want(400)
		}
	})
}
