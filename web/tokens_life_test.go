package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

func TestTokenIsAudited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		token := w.token()
		events := f.Events()
		given := events[len(events)-1]
		if given.Category != models.LoginSucceeded || given.Username != "robot" || !given.IsService || given.IdentifiedBy != "OIDC identity 'Main build'" ||
			!strings.Contains(given.Message, jobSubject) || !strings.Contains(given.Message, w.issuer.URL) || given.Address != "127.0.0.1" {
			t.Errorf("the exchange: %+v", given)
		}
		w.by(token).JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"by token"}`).Want(200)
		events = f.Events()
		made := events[len(events)-1]
		if made.IdentifiedBy != "Access token of OIDC identity 'Main build'" || made.Username != "robot" || made.APIKeyID != "" || made.Address != "127.0.0.1" || made.RequestID == "" {
			t.Errorf("what was done by it: %+v", made)
		}
		if strings.Contains(w.site.Log(), token) || strings.Contains(f.Log.String(), token) || strings.Contains(w.site.Log(), strings.Split(token, ".")[2]) {
			t.Error("the log holds the token")
		}
	})
}

func TestWhereATokenCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		token := w.token()
		_, key := usable(t, f, f.Robot)
		by := w.by(token)
		by.Get("/api").Want(200)
		by.Get("/api/users/" + f.Robot.PublicID() + "/apikeys").Want(200)
		by.Get("/api/users/" + f.Alice.PublicID() + "/apikeys").Want(404)
		by.Get("/api/users").Want(403)
		for name, header := range map[string]http.Header{
			"as a key": {"X-Octopus-Apikey": {token}}, "as the other key": {"X-Nuget-Apikey": {token}}, "as basic": {"Authorization": {"Basic " + token}}, "bare": {"Authorization": {token}},
			"in a cookie": {"Cookie": {"keyport=" + token}}, "with a key": {"Authorization": {"Bearer " + token}, "X-Octopus-Apikey": {key}}, "twice": {"Authorization": {"Bearer " + token + ", Bearer " + token}},
			"with another": {"Authorization": {"Bearer " + token, "Bearer " + key}}, "cut": {"Authorization": {"Bearer " + token[:len(token)-1]}}, "longer": {"Authorization": {"Bearer " + token + "A"}},
			"in small letters": {"Authorization": {"Bearer " + strings.ToLower(token)}}, "quoted": {"Authorization": {`Bearer "` + token + `"`}}, "the job's": {"Authorization": {"Bearer " + w.job()}},
		} {
			if a := w.site.Client().Do(http.MethodGet, "/api/users/me", "", header); a.Status != 401 {
				t.Errorf("%s: got %d, want 401", name, a.Status)
			}
		}
		w.site.Client().Get("/api/users/me?apikey=" + token).Want(401)
		for _, page := range []string{"/", "/account/apikeys", "/configuration/users"} {
			if a := by.Get(page); a.Status != 303 || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
				t.Errorf("%s: got %d to %s, want to sign in", page, a.Status, a.Header.Get("Location"))
			}
		}
		// No session and no other token comes of it.
		signIn := by.JSON(http.MethodPost, "/api/users/login", `{"Username":"alice","Password":"`+storetest.Password+`"}`).Want(403)
		if len(signIn.Header.Values("Set-Cookie")) > 0 {
			t.Error("a session came of a token")
		}
		again := w.site.Client().JSON(http.MethodPost, "/token/v1", w.body(token)).Want(400).JSON()
		if !strings.Contains(again["error_description"].(string), "not exchanged for another") {
			t.Errorf("exchanging it again: %v", again)
		}
		by.JSON(http.MethodPost, oidcPath(f.Robot)+"/create/v1", `{"Name":"n","Issuer":"https://issuer.example","Subject":"job"}`).Want(403)
	})
}

func TestATokenIsNeverExchangedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		token := w.token()
		for _, audience := range []string{w.site.URL, ""} {
			f.Exec("INSERT INTO oidc_identities (user_id, name, issuer, subject, audience, created_at, version) VALUES (?, 'planted', ?, ?, ?, ?, 1)", f.Robot.ID, w.site.URL, w.guid, audience, f.Store.Now())
		}
		w.site.Client().JSON(http.MethodPost, "/token/v1", w.body(token)).Want(400)
		w.site.Client().JSON(http.MethodPost, "/api/token/v1", w.body(token)).Want(400)
	})
}

func TestWhenATokenEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		token := w.token()
		works := func(want int) { t.Helper(); w.by(token).Get("/api/users/me").Want(want) }
		wish := models.NewOIDCIdentity{Name: "Renamed", Issuer: w.issuer.URL, Subject: w.identity.Subject}
		change := func() {
			t.Helper()
			if _, err := f.Store.ChangeOIDCIdentity(storetest.Console(), f.Robot.ID, w.identity.ID, wish); err != nil {
				t.Fatal(err)
			}
		}
		works(200)
		change()
		works(200) // another name trusts nobody else

		if _, err := f.Store.SetUserActive(storetest.Console(), f.Robot.ID, false); err != nil {
			t.Fatal(err)
		}
		works(401)
		if _, err := f.Store.SetUserActive(storetest.Console(), f.Robot.ID, true); err != nil {
			t.Fatal(err)
		}
		works(200)

		f.Clock.Advance(time.Hour - time.Second)
		works(200)
		f.Clock.Advance(time.Second)
		works(401)

		token = w.token()
		wish.Subject = "repo:example/app:*"
		change()
		works(401)
		token = w.token()
		if err := f.Store.RemoveOIDCIdentity(storetest.Console(), f.Robot.ID, w.identity.ID); err != nil {
			t.Fatal(err)
		}
		works(401)
		w.trust(jobSubject, "")
		works(401)
		token = w.token()
		works(200)
		if _, err := f.Store.DeleteUser(storetest.Console(), f.Robot.ID); err != nil {
			t.Fatal(err)
		}
		works(401)

		elsewhere := webtest.New(t, f.Store) // the same database under another address
		other := elsewhere.Client()
		other.Header.Set("Authorization", "Bearer "+token)
		other.Get("/api/users/me").Want(401)
	})
}

func TestATokenMakesNothingThatOutlivesIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		f.Clock.Advance(300 * time.Millisecond)
		token := w.token()
		ceiling := f.Store.Now().Truncate(time.Second).Add(time.Hour)
		client, made := w.by(token), []string{}
		for depth := range 5 {
			beyond := ceiling.Add(time.Second).Format(time.RFC3339Nano)
			client.JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"longer","Expires":"`+beyond+`"}`).Want(400)
			for _, body := range []string{`{"Purpose":"default"}`, `{"Purpose":"maximum","Expires":null}`, `{"Purpose":"exact","Expires":"` + ceiling.Format(time.RFC3339Nano) + `"}`} {
				answer := client.JSON(http.MethodPost, "/api/users/"+f.Robot.PublicID()+"/apikeys", body).Want(200).JSON()
				if got, err := time.Parse(time.RFC3339, answer["Expires"].(string)); err != nil || got.After(ceiling) {
					t.Fatalf("depth %d: %s made a key that ends at %s, after the token at %s (%v)", depth, body, got, ceiling, err)
				}
				made = append(made, answer["ApiKey"].(string))
			}
			client = w.site.WithKey(made[len(made)-1])
			f.Clock.Advance(time.Minute)
		}
		for _, secret := range made {
			w.site.WithKey(secret).Get("/api/users/me").Want(200)
		}
		f.Clock.Set(ceiling)
		for _, secret := range made {
			w.site.WithKey(secret).Get("/api/users/me").Want(401)
		}
		w.by(token).JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"p"}`).Want(401)
	})
}

func TestInvitationByTokenEndsWithIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		teamOf(t, f, "Inviters", models.PermissionsOf(models.UserView, models.UserEdit), "robot")
		made := w.by(w.token()).JSON(http.MethodPost, "/api/users/invitations", `{"AddToTeamIds":[]}`).Want(201).JSON()
		if got, err := time.Parse(time.RFC3339, made["Expires"].(string)); err != nil || got.After(f.Store.Now().Add(time.Hour)) {
			t.Errorf("the invitation ends at %s, %v", got, err)
		}
	})
}

func TestTokensOnTwoReplicas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		public, err := url.Parse(w.site.URL)
		if err != nil {
			t.Fatal(err)
		}
		other := webtest.New(t, f.Reopen(1), allowLoopback, func(o *web.Options) { o.PublicURL = public })
		kids := []string{}
		for range 3 {
			token := w.token()
			client := other.Client()
			client.Header.Set("Authorization", "Bearer "+token)
			client.Get("/api/users/me").Want(200)
			for _, k := range other.Client().Get("/.well-known/jwks").Want(200).JSON()["keys"].([]any) {
				if kid := k.(map[string]any)["kid"].(string); !slices.Contains(kids, kid) {
					kids = append(kids, kid)
				}
			}
			f.Clock.Advance(90 * 24 * time.Hour)
		}
		if len(kids) != 3 {
			t.Errorf("%d keys were published in all, want one for each 90 days", len(kids))
		}
		if now := other.Client().Get("/.well-known/jwks").JSON()["keys"].([]any); len(now) != 1 {
			t.Errorf("%d keys are published, want the one that still checks", len(now))
		}
	})
}

// Whoever presents forged tokens all day is told to slow down; right ones work
// on from the same network.
func TestForgedTokensAreCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		token := w.token()
		forged := token[:strings.LastIndexByte(token, '.')+1] + strings.Repeat("A", 342)
		for range 60 {
			w.by(forged).Get("/api/users/me").Want(401)
		}
		if a := w.by(forged).Get("/api/users/me").Want(429); a.Header.Get("Retry-After") == "" {
			t.Error("there is no Retry-After")
		}
		w.by(token).Get("/api/users/me").Want(200)
	})
}
