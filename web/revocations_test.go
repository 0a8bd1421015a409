package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// An auditor looks and exports, and is offered nothing that he may not do.
func TestAuditorSeesAllKeysAndRevokesNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		key := ends(f, f.Alice, "Deploy gate", 5)
		f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES ('Auditors', 'auditors', ?)", int64(models.PermissionsOf(models.UserView)))
		f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE name = 'Auditors'", f.Bob.ID)
		bob := browserOf(f, site, f.Bob)
		page := bob.Get(allKeys).Want(200)
		if len(purposesOf(page)) != 1 || page.Find("#all-keys a[href*='revocation']").Length() != 0 {
			t.Error("the auditor sees no key, or is offered to revoke it")
		}
		bob.Get(allKeys + "/export").Want(200)
		for _, path := range []string{"/revocation", "/" + key.ID + "/revocation"} {
			bob.Get(allKeys + path).Want(403)
		}
		bob.Form(allKeys+"/"+key.ID+"/revocation", nil).Want(403)
		bob.Form(allKeys+"/revocations", url.Values{"selection": {models.KeySelection{At: f.Store.Now()}.String()}, "shown": {"1"}, "reason": {"r"}}).Want(403)
	})
}

func TestRevokeOneOfAllKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, secret := usable(t, f, f.Alice)
		admin := browserOf(f, site, f.Admin)
		list := allKeys + "?owner=alice"
		ask := admin.Get(list).Want(200).Find("tbody .cell-actions a").AttrOr("href", "")
		question := admin.Get(ask).Want(200)
		if !strings.Contains(question.Find("main").Text(), "Alice") || question.Find("form[action='"+ask+"']").Length() != 1 {
			t.Errorf("the question at %s names no owner, or leads elsewhere", ask)
		}
		if dialog := admin.HTMX(http.MethodGet, ask, nil).Want(200); dialog.Find("dialog").Length() != 1 {
			t.Error("htmx gets no dialog")
		}
		done := admin.Form(ask, url.Values{"csrf": {question.Value("csrf")}}).Want(303)
		if got := done.Header.Get("Location"); got != list {
			t.Errorf("revoking leads to %q, want %q", got, list)
		}
		if page := admin.Get(list).Want(200); !strings.Contains(page.Find("[role=status]").Text(), "is revoked") || len(purposesOf(page)) != 0 {
			t.Error("the list does not say that the key is revoked")
		}
		site.WithKey(secret).Get("/api/users/me").Want(401)
		admin.Get(ask).Want(303)
		admin.Get(allKeys + "/apikeys-none/revocation").Want(404)
		admin.Form(allKeys+"/apikeys-none/revocation", url.Values{"csrf": {question.Value("csrf")}}).Want(404)
	})
}

// revokeAll fills in the question before many keys are revoked.
func revokeAll(c *webtest.Client, query, reason string) (webtest.Answer, url.Values) {
	question := c.Get(allKeys + "/revocation?" + query).Want(200)
	form := url.Values{"reason": {reason}}
	for _, name := range []string{"csrf", "selection", "query", "shown", "form_id"} {
		form.Set(name, question.Value(name))
	}
	return question, form
}

func TestRevokeManyKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for i := range 38 {
			key := ends(f, f.Alice, fmt.Sprint("Farm ", i), 50)
			if i < 5 {
				f.Store.Seen(key.ID, "192.0.2.1", "", f.Clock.Now())
			}
		}
		if err := f.Store.FlushSeen(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, secret := usable(t, f, f.Bob)
		admin := browserOf(f, site, f.Admin)
		question, form := revokeAll(admin, "purpose=farm", "")
		if text := question.Find("main").Text(); !strings.Contains(text, "38 keys, 5 used in the last 24 hours") {
			t.Errorf("the question says %q", text)
		}
		refused := admin.Form(allKeys+"/revocations", form).Want(422)
		if refused.Find("#reason-error").Text() == "" || refused.Value("shown") != "38" {
			t.Error("a reason that is missing is not said beside it")
		}
		form.Set("reason", "The farm is gone")
		started := admin.Form(allKeys+"/revocations", form).Want(303)
		progress := started.Header.Get("Location")
		running := admin.Get(progress).Want(200)
		if running.Find("#revocation[hx-trigger='every 1s']").Length() != 1 || running.Find("progress").AttrOr("max", "") != "38" || !strings.Contains(running.Body, `<noscript><p class="mt"><a class="btn" href="`+progress) {
			t.Errorf("the page of a running revocation: %s", running.Find("#revocation").Text())
		}
		if list := admin.Get(allKeys).Want(200); list.Find("a[href='"+progress+"']").Length() != 1 {
			t.Error("the list does not lead to what is under way")
		}
		if again := admin.Form(allKeys+"/revocations", form).Want(303); again.Header.Get("Location") != progress {
			t.Error("the same form started a second revocation")
		}
		if err := f.Store.WorkOffRevocations(t.Context()); err != nil {
			t.Fatal(err)
		}
		if over := admin.HTMX(http.MethodGet, progress, nil); over.Status != 286 || over.Find("[role=status]").Text() == "" {
			t.Errorf("htmx is not told to stop asking: %d", over.Status)
		}
		result := admin.Get(progress).Want(200)
		if text := result.Find("main").Text(); !strings.Contains(text, "38 keys revoked") || !strings.Contains(text, "The farm is gone") || result.Find("tbody tr").Length() != 30 {
			t.Errorf("the result: %s", text)
		}
		if second := admin.Get(result.Find("a[rel=next]").AttrOr("href", "")).Want(200); second.Find("tbody tr").Length() != 8 {
			t.Error("the second page of the result does not hold the rest")
		}
		site.WithKey(secret).Get("/api/users/me").Want(200)
	})
}

// Keys that came to the selection after somebody looked are shown before they
// are revoked; a form of another world is refused.
func TestRevokeManyAsksAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		ends(f, f.Alice, "Farm 1", 50)
		admin := browserOf(f, site, f.Admin)
		_, form := revokeAll(admin, "purpose=farm", "gone")
		ends(f, f.Alice, "Farm 2", 50) // in the same instant
		again := admin.Form(allKeys+"/revocations", form).Want(409)
		if again.Value("shown") != "2" || again.Value("reason") != "gone" || !strings.Contains(again.Find("[role=alert]").Text(), "More keys are chosen now") {
			t.Errorf("the question comes back with %s keys: %s", again.Value("shown"), again.Find("[role=alert]").Text())
		}
		_, form = revokeAll(admin, "purpose=farm", "gone")
		f.Clock.Advance(2 * time.Hour)
		admin = browserOf(f, site, f.Admin)
		stale := admin.Form(allKeys+"/revocations", form).Want(422)
		if !strings.Contains(stale.Find("[role=alert]").Text(), "older than an hour") {
			t.Errorf("an old preview: %s", stale.Find("[role=alert]").Text())
		}
		form.Set("selection", stale.Value("selection"))
		admin.Form(allKeys+"/revocations", form).Want(303)
		for _, broken := range []string{"", "{}", "null", `{"At":"2026-11-23T10:30:00Z","Owner":"\u0000"}`, `{"At":"2026-11-23T10:30:00Z","X":1}`, "[", strings.Repeat("x", 9000)} {
			form.Set("selection", broken)
			admin.Form(allKeys+"/revocations", form).Want(422)
		}
		for _, path := range []string{"/revocations/0", "/revocations/x", "/revocations/99999999999999999999"} {
			admin.Get(allKeys + path).Want(404)
		}
		if nothing := admin.Get(allKeys + "/revocation?purpose=nothing").Want(200); nothing.Find("form[action$='/revocations']").Length() != 0 {
			t.Error("nothing can be revoked, and yet there is a form")
		}
	})
}

// revocationInPath starts a revocation and returns the id by which pages name it.
func revocationInPath(t *testing.T, f *storetest.Fixture) string {
	t.Helper()
	wish := models.RevocationWish{Selection: models.KeySelection{At: f.Store.Now()}, Reason: "matrix", Shown: models.MaxRevocation}
	r, err := f.Store.StartRevocation(storetest.Console(), wish)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(r.ID)
}
