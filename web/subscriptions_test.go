package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

func subscriptionValues(page webtest.Answer, change url.Values) url.Values {
	values := url.Values{"name": {"Keys that end"}, "group": {"ApiKeyExpiry"}, "every": {"24"}, "priority": {"High"}, "zone": {"Europe/Stockholm"}, "timeout": {"7"},
		"url": {"https://hooks.example.com/keyport"}, "header-name": {"X-Key"}, "header-value": {"receiver secret"}}
	for name, value := range change {
		values[name] = value
	}
	return values
}

func TestSubscriptionPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := site.SignedIn("admin", storetest.Password)
		list := admin.Get("/configuration/subscriptions").Want(200)
		if !strings.Contains(list.Find("tbody").Text(), "Owners of API keys that end") || !strings.Contains(list.Find("tbody").Text(), "Mail to owners") {
			t.Errorf("the list is %s", list.Find("tbody").Text())
		}
		team := teamOf(t, f, "Operators", models.Views, "alice")
		form := admin.Get("/configuration/subscriptions/new").Want(200)
		if form.Find("input[name=group][value=ApiKeyExpiry][checked]").Length() != 1 {
			t.Error("a new subscription is about nothing")
		}
		made := admin.Form("/configuration/subscriptions", subscriptionValues(form, url.Values{"team": {team.PublicID()}, "users": {"Users-2, Users-3"}})).Want(303)
		path := made.Header.Get("Location")
		page := admin.Get(path).Want(200)
		if page.Value("url") != "https://hooks.example.com/keyport" || page.Value("users") != "Users-2, Users-3" || page.Find("#every option[selected]").AttrOr("value", "") != "24" ||
			page.Find("#zone option[selected]").Text() != "Europe/Stockholm" || page.Find("input[name=team][checked]").AttrOr("value", "") != team.PublicID() || page.Value("timeout") != "7" {
			t.Errorf("the page does not show what was saved: %s", page.Find("form#subscription").Text())
		}
		if strings.Contains(page.Body, "receiver secret") || page.Find("input[name=header-value][value]").Length() != 0 {
			t.Error("the page shows the header's value")
		}
		admin.Form(path, subscriptionValues(page, url.Values{"header-value": {""}, "name": {"Renamed"}})).Want(303)
		if f.Count("SELECT COUNT(*) FROM subscriptions WHERE webhook_header_box IS NOT NULL AND name = 'Renamed'") != 1 {
			t.Error("saving without the value forgot it")
		}
		admin.Form(path+"/switch", nil).Want(303)
		if !strings.Contains(admin.Get(path).Want(200).Find("h1").Text(), "Disabled") {
			t.Error("the subscription is not disabled")
		}
		admin.Form(path+"/switch", nil).Want(303)
		shown := admin.Form(path+"/secret", nil).Want(200).Find("#secret").Text()
		if _, ok := models.ParseWebhookSecret(shown); !ok || strings.Contains(admin.Get(path).Body, shown) {
			t.Errorf("the secret is %q", shown)
		}
		admin.Form(path+"/test", nil).Want(303)
		if rows := admin.Get(path).Want(200).Find(".list-row"); rows.Length() != 1 || !strings.Contains(rows.Text(), "was tested") || !strings.Contains(rows.Text(), "On its way") {
			t.Errorf("the deliveries are %s", rows.Text())
		}
		admin.Get(path + "/deletion").Want(200)
		admin.Form(path+"/deletion", nil).Want(303)
		admin.Get(path).Want(404)
	})
}

func TestSubscriptionPageRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := site.SignedIn("admin", storetest.Password)
		for name, c := range map[string]struct {
			change url.Values
			field  string
		}{
			"no name": {url.Values{"name": {" "}}, "name"}, "inside": {url.Values{"url": {"https://10.1.2.3/"}}, "url"}, "not encrypted": {url.Values{"url": {"http://hooks.example.com/"}}, "url"},
			"header": {url.Values{"header-name": {"Host"}}, "header-name"}, "timeout": {url.Values{"timeout": {"60"}}, "timeout"}, "no timeout": {url.Values{"timeout": {"soon"}}, "timeout"},
			"how often": {url.Values{"every": {"-1"}}, "every"}, "zone": {url.Values{"zone": {"Local"}}, "zone"},
		} {
			page := admin.Form("/configuration/subscriptions", subscriptionValues(webtest.Answer{}, c.change)).Want(422)
			if page.Find("#"+c.field+"-error").Length() != 1 || page.Find("[role=alert] a[href='#"+c.field+"']").Length() != 1 {
				t.Errorf("%s: the page says %s", name, page.Find("[role=alert]").Text())
			}
			if strings.Contains(page.Body, "receiver secret") {
				t.Errorf("%s: the page shows the header's value", name)
			}
		}
		fragment := admin.HTMX(http.MethodPost, "/configuration/subscriptions", subscriptionValues(webtest.Answer{}, url.Values{"name": {""}})).Want(422)
		if strings.Contains(fragment.Body, "<html") {
			t.Error("htmx got a whole page")
		}
		if f.Count("SELECT COUNT(*) FROM subscriptions") != 1 {
			t.Error("something was stored")
		}
		teamOf(t, f, "Auditors", models.Views, "alice")
		alice := site.SignedIn("alice", storetest.Password)
		page := alice.Get("/configuration/subscriptions/Subscriptions-1").Want(200)
		if page.Find("form#subscription").Length() != 0 || !strings.Contains(page.Find("dl").Text(), "API key expiry events") {
			t.Error("who may only look gets a form")
		}
		site.SignedIn("bob", storetest.Password).Get("/configuration/subscriptions").Want(403)
	})
}

// The link in a mail asks, and the mail program's own POST ends it, from anywhere
// and without a cookie.
func TestUnsubscribePage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		client := webtest.New(t, f.Store).Client()
		token := f.Store.UnsubscribeToken(f.Alice.ID, 1)
		page := client.Get("/unsubscribe?token=" + token).Want(200)
		if page.Value("token") != token || f.Count("SELECT COUNT(*) FROM unsubscriptions") != 0 {
			t.Error("opening the link is not what it should be")
		}
		client.Do(http.MethodPost, "/unsubscribe?token="+token, "List-Unsubscribe=One-Click", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}}).Want(200)
		if f.Count("SELECT COUNT(*) FROM unsubscriptions") != 1 {
			t.Error("the mail was not ended")
		}
		client.Form("/unsubscribe", url.Values{"token": {token + "x"}}).Want(404)
		client.Get("/unsubscribe?token=" + token[:20]).Want(404)
	})
}

// Who has ended the mail about his own keys brings it back in his profile, and
// can end it there; both are events, and what is so already is none.
func TestMailAboutMyKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		alice := browserOf(f, site, f.Alice)
		section := func() string {
			return words(alice.Get("/account/profile").Want(200), "[aria-labelledby=key-mail-title]")
		}
		choose := func(mail string) webtest.Answer {
			return alice.Form("/account/key-mail", url.Values{"csrf": {alice.Get("/account/profile").Value("csrf")}, "mail": {mail}})
		}
		want := func(sentence string, ended, events int) {
			t.Helper()
			if got := section(); !strings.Contains(got, sentence) {
				t.Errorf("the section reads %q, want %q in it", got, sentence)
			}
			if n := f.Count("SELECT COUNT(*) FROM unsubscriptions"); n != ended {
				t.Errorf("%d people have ended it, want %d", n, ended)
			}
			if n := f.Count("SELECT COUNT(*) FROM events WHERE document_type = 'Subscriptions'"); n != events {
				t.Errorf("%d events, want %d", n, events)
			}
		}
		want("Switch this mail off", 0, 0)
		done := site.Client().Form("/unsubscribe", url.Values{"token": {f.Store.UnsubscribeToken(f.Alice.ID, 1)}}).Want(200)
		if done.Find("a[href='/account/profile']").Length() != 1 {
			t.Error("the page does not say how to get the mail again")
		}
		want("Switch this mail on", 1, 1)
		for range 2 {
			choose("on").Want(303)
			want("Switch this mail off", 0, 2)
		}
		if e := f.Events()[len(f.Events())-1]; e.Username != "alice" || *e.RelatedUserID != f.Alice.ID || !strings.Contains(e.Message, "wants mail of the subscription again") {
			t.Errorf("the event is %+v", e)
		}
		for range 2 {
			choose("off").Want(303)
			want("Switch this mail on", 1, 3)
		}
		for _, wrong := range []string{"", "ON", "maybe"} {
			if a := choose(wrong); a.Status < 400 || a.Status >= 500 {
				t.Errorf("mail=%q: %d", wrong, a.Status)
			}
		}
		want("Switch this mail on", 1, 3)
		f.Exec("UPDATE subscriptions SET is_disabled = TRUE")
		want("has disabled this mail for everybody", 1, 3)
		f.Exec("UPDATE users SET email = '', email_fold = ''")
		want("No e-mail address is stored for you", 1, 3)
		alice.Form("/account/key-mail", url.Values{"mail": {"on"}}).Want(303) // sent from an old page: no harm
		want("No e-mail address", 0, 4)
	})
}

// Mail about a key that ends leads to a form that is filled in like it, until
// thirty days after the end, and for nobody else.
func TestNewKeyLikeAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		key, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Laptop", Expires: models.ExpiresAt(f.Store.Now().Add(24 * time.Hour))})
		robots, _ := f.Issue(f.Robot, models.NewKey{Purpose: "Pipeline", Expires: models.ExpiresAt(f.Store.Now().Add(24 * time.Hour))})
		purpose := func(user, path string) string {
			t.Helper()
			return site.SignedIn(user, storetest.Password).Get(path).Want(200).Value("purpose")
		}
		own, account := "/account/apikeys/new?like=", "/configuration/users/"+f.Robot.PublicID()+"/apikeys/new?like="
		for _, c := range []struct{ name, user, path, want string }{
			{"the owner", "alice", own + key.ID, "Laptop"}, {"an administrator, for a service account", "admin", account + robots.ID, "Pipeline"},
			{"somebody else", "bob", own + key.ID, ""}, {"another owner's key", "admin", account + key.ID, ""}, {"no key", "alice", own + "apikeys-x", ""}, {"nonsense", "alice", own + "%00", ""},
		} {
			if got := purpose(c.user, c.path); got != c.want {
				t.Errorf("%s: the purpose is %q, want %q", c.name, got, c.want)
			}
		}
		f.Clock.Advance(31 * 24 * time.Hour)
		if got := purpose("alice", own+key.ID); got != "Laptop" {
			t.Errorf("30 days after the end the purpose is %q", got)
		}
		f.Clock.Advance(time.Minute)
		if got := purpose("alice", own+key.ID); got != "" {
			t.Errorf("more than 30 days after the end the purpose is %q", got)
		}
	})
}
