package web_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

// postbox keeps what the portal hands to the mail.
type postbox struct {
	mu     sync.Mutex
	logins []string
	links  []models.PasswordLink
	silent bool             // no letter can be sent
	tests  []string         // whom test letters went to
	trial  models.MailTrial // how they go
}

func (p *postbox) ForgotPassword(_ context.Context, login string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logins = append(p.logins, login)
}

func (p *postbox) PasswordLink(_ context.Context, link models.PasswordLink) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links = append(p.links, link)
	return link.User.Email != ""
}

func (p *postbox) Sends(context.Context) bool { return !p.silent }

func (p *postbox) TestMail(_ context.Context, to string) (models.MailTrial, error) {
	p.tests = append(p.tests, to)
	return p.trial, nil
}

func withPost(p *postbox) func(*web.Options) { return func(o *web.Options) { o.Mail = p } }

const chosen = "seven quiet boats at noon"

// addressOf returns the link that a page reveals, as a path of the site.
func addressOf(t *testing.T, site *webtest.Site, a webtest.Answer) string {
	t.Helper()
	text := strings.TrimSpace(a.Find("#link").Text())
	path, ok := strings.CutPrefix(text, site.URL)
	if !ok {
		t.Fatalf("the page shows %q, want an address of %s", text, site.URL)
	}
	return path
}

func tokenOf(t *testing.T, path string) string {
	t.Helper()
	u, err := url.Parse(path)
	if err != nil || u.Query().Get("token") == "" {
		t.Fatalf("%q holds no token", path)
	}
	return u.Query().Get("token")
}

func TestInvitationFromEndToEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		post := &postbox{}
		site := webtest.New(t, f.Store, withPost(post))
		admin := browserOf(f, site, f.Admin)
		made := admin.Form("/configuration/users", url.Values{"username": {"vera"}, "display_name": {"Vera Lind"}, "email": {"vera@example.com"}}).Want(303)
		person := made.Header.Get("Location")
		page := admin.Get(person).Want(200)
		action, ok := page.Find("section[aria-labelledby=person-link] form").Attr("action")
		if !ok || page.Find("#person-link").Text() != "Invitation link" {
			t.Fatalf("the person's page offers no invitation: %s", page.Find("main").Text())
		}
		admin.Header = http.Header{"X-Forwarded-Host": {"evil.example"}, "Forwarded": {"host=evil.example"}, "X-Forwarded-Proto": {"https"}}
		shown := admin.Form(action, url.Values{}).Want(200)
		admin.Header = http.Header{}
		link := addressOf(t, site, shown)
		token := tokenOf(t, link)
		if shown.Header.Get("Cache-Control") != "no-store" || shown.Find("[data-reveal][hx-history=false]").Length() != 1 {
			t.Error("the link could be kept")
		}
		if len(post.links) != 1 || post.links[0].Token != token || !strings.Contains(shown.Body, "vera@example.com") {
			t.Errorf("mailed = %+v", post.links)
		}
		if again := admin.Get(action).Want(303); again.Header.Get("Location") != person {
			t.Errorf("the link's address leads to %q", again.Header.Get("Location"))
		}
		if body := admin.Get(person).Want(200).Body; strings.Contains(body, token) || !strings.Contains(body, "Make a new link") {
			t.Error("the person's page must offer a new link, and never show the old one")
		}

		vera := site.Client()
		form := vera.Get(link).Want(200)
		if !strings.Contains(form.Find("h1").Text(), "Vera Lind") || form.Value("token") != token {
			t.Errorf("the page greets %q", form.Find("h1").Text())
		}
		for name, refused := range map[string]url.Values{
			"password": {"token": {token}, "password": {"sunshinesunshine"}, "again": {"sunshinesunshine"}},
			"again":    {"token": {token}, "password": {chosen}, "again": {chosen + "!"}},
		} {
			a := vera.Form("/invitation", refused).Want(422)
			if a.Find("#"+name+"-error").Text() == "" || a.Find("[role=alert] a[href='#"+name+"']").Length() != 1 || a.Value("token") != token || strings.Contains(a.Body, refused.Get("password")) {
				t.Errorf("%s: no message, or the form can't be sent again: %s", name, a.Find("main").Text())
			}
		}
		if to := vera.Form("/invitation", url.Values{"token": {token}, "password": {chosen}, "again": {chosen}}).Want(303).Header.Get("Location"); to != "/account/apikeys" {
			t.Errorf("she goes on to %q", to)
		}
		vera.Get("/account/apikeys").Want(200)
		site.SignedIn("vera", chosen)
		site.Client().Get(link).Want(404)
		site.Client().Form("/invitation", url.Values{"token": {token}, "password": {chosen + " 2"}, "again": {chosen + " 2"}}).Want(404)
		if strings.Contains(site.Log(), token) || strings.Contains(f.Log.String(), token) || strings.Contains(site.Log(), chosen) {
			t.Error("the log holds the token or the password")
		}
		if heading := admin.Get(person).Find("#person-link").Text(); heading != "Password reset link" {
			t.Errorf("now the page offers %q", heading)
		}
	})
}

// A link of somebody who was deactivated opens nothing, not even when the person
// is active again.
func TestInvitationOfTheDeactivated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		person := admin.Form("/configuration/users", url.Values{"username": {"vera"}}).Want(303).Header.Get("Location")
		link := addressOf(t, site, admin.Form(person+"/password-link", url.Values{}).Want(200))
		admin.Form(person+"/deactivation", url.Values{}).Want(303)
		for range 2 {
			site.Client().Get(link).Want(404)
			site.Client().Form("/invitation", url.Values{"token": {tokenOf(t, link)}, "password": {chosen}, "again": {chosen}}).Want(404)
			if n := f.Count("SELECT count(*) FROM users WHERE username = 'vera' AND password_hash <> ''"); n != 0 {
				t.Fatal("a password was set")
			}
			admin.Form(person+"/password-link", url.Values{})
			admin.Form(person+"/activation", url.Values{}).Want(303)
		}
	})
}

// Whatever is asked for, and whoever it belongs to: the same bytes, and no look
// into the database before the answer.
func TestForgotPasswordAnswersTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		post := &postbox{}
		site := webtest.New(t, f.Store, withPost(post))
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Charlie.ID)
		if site.Client().Get("/sign-in").Find("a[href='/forgot-password']").Length() != 1 {
			t.Error("the sign-in page does not offer it")
		}
		site.Client().Get("/forgot-password").Want(200)
		before := census(f)
		f.Store.Close() // whoever needs the database now shows it
		var first webtest.Answer
		logins := []string{"alice", "ALICE", "nobody", f.Robot.Username, "charlie", "alice@example.com", "nobody@example.com", "admin", "' OR 1=1 --", "alice\u202e", strings.Repeat("x", 256)}
		var wanted []string
		for i, login := range logins {
			a := site.Client().Form("/forgot-password", url.Values{"login": {login}})
			if strings.Contains(login, "\u202e") {
				a.Want(422)
				continue
			}
			a.Want(303)
			wanted = append(wanted, login)
			a.Header.Del("Date")
			a.Header.Del("X-Request-Id")
			if i == 0 {
				first = a
			}
			if a.Body != first.Body || !sameHeaders(a.Header, first.Header) {
				t.Errorf("%.20q: %v %q, want %v %q", login, a.Header, a.Body, first.Header, first.Body)
			}
		}
		if first.Header.Get("Location") != "/forgot-password/sent" || !slices.Equal(post.logins, wanted) {
			t.Errorf("leads to %q; handed on: %q", first.Header.Get("Location"), post.logins)
		}
		site.Client().Get("/forgot-password/sent").Want(200)
		if census(f) != before {
			t.Error("something was written")
		}
	})
}

func sameHeaders(a, b http.Header) bool {
	for _, names := range []http.Header{a, b} {
		for name := range names {
			if !slices.Equal(a[name], b[name]) {
				return false
			}
		}
	}
	return true
}

// One name is asked for at a time, whatever the form repeats.
func TestForgotPasswordTakesOneName(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	post := &postbox{}
	site := webtest.New(t, f.Store, withPost(post))
	for _, body := range []string{"login=alice&login=bob", "login=alice&login[]=bob", "login=alice&email=bob@example.com"} {
		site.Client().Do(http.MethodPost, "/forgot-password", body, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}}).Want(303)
	}
	for _, body := range []string{"login=", "login=%20", "login[]=alice", "", `{"login":["alice","bob"]}`} {
		site.Client().Do(http.MethodPost, "/forgot-password", body, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}}).Want(422)
	}
	site.Client().Do(http.MethodPost, "/forgot-password", "login=alice", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}}).Want(403)
	if want := []string{"alice", "alice", "alice"}; !slices.Equal(post.logins, want) {
		t.Errorf("handed on: %q, want %q", post.logins, want)
	}
}

func TestForgotPasswordWithoutMail(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	if site.Client().Get("/sign-in").Find("a[href^='/forgot']").Length() != 0 {
		t.Error("the sign-in page offers what can't be done")
	}
	for _, path := range []string{"/forgot-password", "/forgot-password/sent"} {
		site.Client().Get(path).Want(404)
	}
	site.Client().Form("/forgot-password", url.Values{"login": {"alice"}}).Want(404)
}

func TestPasswordResetFromEndToEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store, withPost(&postbox{}))
		alice, admin := browserOf(f, site, f.Alice), browserOf(f, site, f.Admin)
		_, key := usable(t, f, f.Alice)
		shown := admin.Form("/configuration/users/"+f.Alice.PublicID()+"/password-link", url.Values{}).Want(200)
		link := addressOf(t, site, shown)
		if !strings.HasPrefix(link, "/reset-password?token=") || shown.Find("h1").Text() != "Password reset link" {
			t.Errorf("the page shows %q", link)
		}
		alice.Get("/account/apikeys").Want(200)
		anywhere := site.Client()
		anywhere.Get(link).Want(200)
		to := anywhere.Form("/reset-password", url.Values{"token": {tokenOf(t, link)}, "password": {chosen}, "again": {chosen}}).Want(303).Header.Get("Location")
		if cookies := anywhere.Cookies(); to != "/sign-in?notice=password-changed" || len(cookies) != 1 || cookies[0].Name != "keyport-device" {
			t.Errorf("leads to %q with the cookies %v, want the sign-in page, a browser that is known, and nobody signed in", to, cookies)
		}
		if !strings.Contains(anywhere.Get(to).Want(200).Body, "Your password is changed") {
			t.Error("nothing says that it is done")
		}
		alice.Get("/account/apikeys").Want(303)
		site.WithKey(key).Get("/api/users/me").Want(200)
		site.SignedIn("alice", chosen)
		site.Client().Form("/sign-in", url.Values{"username": {"alice"}, "password": {storetest.Password}}).Want(422)
		over := site.Client().Get(link).Want(404)
		if over.Find("a[href='/forgot-password']").Length() != 1 || strings.Contains(over.Body, "alice") {
			t.Errorf("a used link shows %s", over.Find("main").Text())
		}
	})
}

// An old sign-in must prove itself before it makes a link to somebody's account.
func TestPasswordLinkNeedsAFreshSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		f.Clock.Advance(models.FreshSignIn + time.Second)
		a := admin.Form("/configuration/users/"+f.Alice.PublicID()+"/password-link", url.Values{})
		if a.Find("#link").Length() != 0 || f.Count("SELECT count(*) FROM one_time_links") != 0 {
			t.Errorf("a link was made: %d", a.Status)
		}
	})
}

// Where nobody signs in with a password, no link gives one.
func TestPasswordLinksWithoutLocalSignIn(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store, withPost(&postbox{}), withProvider, func(o *web.Options) { o.SignOn.LocalOff = true })
	link, err := f.Store.NewPasswordLink(storetest.Console(), f.Alice.ID)
	if err != nil {
		t.Fatal(err)
	}
	site.Client().Get("/reset-password?token=" + link.Token).Want(403)
	site.Client().Form("/reset-password", url.Values{"token": {link.Token}, "password": {chosen}, "again": {chosen}}).Want(403)
	site.Client().Get("/forgot-password").Want(403)
	browserOf(f, site, f.Admin).Form("/configuration/users/"+f.Alice.PublicID()+"/password-link", url.Values{}).Want(403)
}
