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

// joinAs registers the store of a fixture as a replica and waits until it is on
// the list.
func joinAs(t *testing.T, f *storetest.Fixture, host string) {
	t.Helper()
	f.Store.Join(host, "1.2.3")
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		list, err := f.Store.Replicas(storetest.Console())
		if err == nil && len(list) == 1 {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("not registered: %v", err)
		}
	}
}

// settled asks for a receipt as htmx does, until it asks for no more.
func settled(t *testing.T, c *webtest.Client, path string) webtest.Answer {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		region := c.HTMX(http.MethodGet, path, nil).Want(200)
		if region.Find("h1").Length() != 0 || region.Find(".receipt").Length() != 1 {
			t.Fatalf("htmx gets %s", region.Body)
		}
		if region.Find("[hx-get]").Length() == 0 {
			return region
		}
		if got := region.Find("a").AttrOr("href", ""); got != path {
			t.Fatalf("without a script, look again leads to %q", got)
		}
	}
	t.Fatal("the receipt asks without end")
	return webtest.Answer{}
}

func wantWords(t *testing.T, a webtest.Answer, selector string, want ...string) {
	t.Helper()
	got := words(a, selector)
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("got %q, want %q in it", got, w)
		}
	}
}

// Whoever revokes a key is led to its receipt, with a script and without.
func TestReceiptOfAKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		joinAs(t, f, "keyport-0")
		alice := browserOf(f, site, f.Alice)
		key, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Laptop"})
		path := "/account/apikeys/" + key.ID
		alice.Get(path + "/receipt").Want(404)
		alice.Form(path+"/revocation", url.Values{"csrf": {alice.Get(path + "/revocation").Value("csrf")}}).Want(303)
		list := alice.Get("/account/apikeys").Want(200)
		flash := list.Find("[role=status] .receipt")
		if flash.AttrOr("hx-get", "") != path+"/receipt" || flash.Find("a").AttrOr("href", "") != path+"/receipt" {
			t.Fatalf("the notice leads to no receipt: %s", words(list, "[role=status]"))
		}
		region := settled(t, alice, path+"/receipt")
		wantWords(t, region, ".receipt", "Refused on 1 of 1 replica after", "No call with it is known to have been accepted.", "takes up to 80 seconds")
		page := alice.Get(path + "/receipt").Want(200)
		wantWords(t, page, "main", "Revocation of “Laptop”", "Refused on 1 of 1 replica", "keyport-0", "1.2.3", "Refused after")
		if alice.Get(path).Want(200).Find("a[href='"+path+"/receipt']").Length() != 1 {
			t.Error("the page of the key leads to no receipt")
		}
		f.Exec("UPDATE api_keys SET last_used_at = revoked_at, last_used_ip = '192.0.2.7' WHERE id = ?", key.ID)
		f.Clock.Advance(2 * time.Minute)
		wantWords(t, alice.Get(path+"/receipt"), ".receipt", "Last accepted call: 23 Nov 2026, 10:30:00 from 192.0.2.7.")
		if strings.Contains(words(alice.Get(path+"/receipt"), ".receipt"), "80 seconds") {
			t.Error("two minutes later a call might still not be written down")
		}
		browserOf(f, site, f.Bob).Get("/configuration/users/" + f.Alice.PublicID() + "/apikeys/" + key.ID + "/receipt").Want(404)
		wantWords(t, browserOf(f, site, f.Admin).Get(tasksPage), "main", "Replicas", "keyport-0", "Answers")
	})
}

// A replica that says nothing is waited for a while, and then named.
func TestReceiptNamesTheSilent(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	site := webtest.New(t, f.Store)
	joinAs(t, f, "keyport-0")
	f.Exec("INSERT INTO replicas VALUES ('x', 'keyport-1', '1.2.2', now() - INTERVAL '1 hour', now() - INTERVAL '20 seconds', 0)")
	key, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Laptop"})
	path := "/account/apikeys/" + key.ID
	alice := browserOf(f, site, f.Alice)
	alice.Form(path+"/revocation", url.Values{"csrf": {alice.Get(path + "/revocation").Value("csrf")}}).Want(303)
	wantWords(t, alice.HTMX(http.MethodGet, path+"/receipt", nil), ".receipt", "of 2 replicas so far.")
	began := time.Now()
	region := settled(t, alice, path+"/receipt")
	if waited := time.Since(began); waited > models.ReceiptPatience+time.Second {
		t.Errorf("waited %v", waited)
	}
	wantWords(t, region, ".receipt", "Refused on 1 of 2 replicas after", "keyport-1 has not answered since ", "It refuses by itself at the latest 0.7 s after", "Look again")
	wantWords(t, browserOf(f, site, f.Admin).Get(tasksPage), "main", "keyport-11.2.2Silent")
	receipt := site.WithKey(mustKey(t, f, f.Alice)).Get("/api/users/me/apikeys/" + key.ID + "/revocation").Want(200).JSON()
	if receipt["Replicas"] != 2.0 || receipt["Refusing"] != 1.0 || receipt["IsComplete"] != false || receipt["IsWaiting"] != false || receipt["TookMilliseconds"] != nil {
		t.Errorf("by REST: %v", receipt)
	}
}

// Deactivated users, the policy and many keys at once have receipts too.
func TestOtherReceipts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		joinAs(t, f, "keyport-0")
		admin := browserOf(f, site, f.Admin)
		token := url.Values{"csrf": {admin.Get("/configuration/users/new").Value("csrf")}}

		bob := "/configuration/users/" + f.Bob.PublicID()
		admin.Get(bob + "/receipt").Want(404)
		admin.Form(bob+"/deactivation", token).Want(303)
		page := admin.Get(bob).Want(200)
		if page.Find("[role=status] [hx-get='"+bob+"/receipt']").Length() != 1 || page.Find("p.foot a[href='"+bob+"/receipt']").Length() != 1 {
			t.Error("the page of the deactivated user leads to no receipt")
		}
		wantWords(t, settled(t, admin, bob+"/receipt"), ".receipt", "Refused on 1 of 1 replica")

		settings := "/configuration/settings/authentication"
		admin.Form(settings, url.Values{"csrf": token["csrf"], "version": {"1"}, "default": {"30"}, "maximum": {"60"}, "user-keys": {"on"}}).Want(303)
		if admin.Get(settings).Find("[role=status] [hx-get='"+settings+"/receipt']").Length() != 1 {
			t.Error("the saved policy leads to no receipt")
		}
		wantWords(t, settled(t, admin, settings+"/receipt"), ".receipt", "In force on 1 of 1 replica")

		ends(f, f.Alice, "Farm 1", 20)
		ends(f, f.Alice, "Farm 2", 20)
		_, form := revokeAll(admin, "owner=alice", "No longer needed")
		progress := admin.Form(allKeys+"/revocations", form).Want(303).Header.Get("Location")
		admin.Get(progress + "/receipt").Want(404)
		if err := f.Store.WorkOffRevocations(t.Context()); err != nil {
			t.Fatal(err)
		}
		if admin.Get(progress).Find("[role=status] [hx-get='"+progress+"/receipt']").Length() != 1 {
			t.Error("the revocation leads to no receipt")
		}
		wantWords(t, settled(t, admin, progress+"/receipt"), ".receipt", "Refused on 1 of 1 replica")
	})
}

// TestGoldenReceipts holds the answers to the letter.
func TestGoldenReceipts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		joinAs(t, f, "keyport-0")
		admin := asAdmin(t, f, site)
		key, _ := f.Issue(f.Robot, models.NewKey{Purpose: "Nightly"})
		path := "/api/users/" + f.Robot.PublicID() + "/apikeys/" + key.ID
		admin.Get(path + "/revocation").Want(404)
		admin.Do(http.MethodDelete, path, "", nil).Want(200)
		var receipt webtest.Answer
		for until := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			receipt = admin.Get(path + "/revocation").Want(200)
			if receipt.JSON()["IsComplete"] == true || time.Now().After(until) {
				break
			}
		}
		varying := append([]string{`"Id": "[a-z2-7]{16}"`, `"Id": "aaaaaaaaaaaaaaaa"`, `"(Started|LastHeard)": "20[-0-9T:.Z]+"`, `"$1": "2026-11-23T10:30:00.000Z"`,
			`Milliseconds": [0-9]+`, `Milliseconds": 7`}, varying...)
		checkGolden(t, "revocation", receipt.Body, varying...)
		checkGolden(t, "replicas", admin.Get("/api/replicas").Want(200).Body, varying...)
	})
}

// completed asks by REST for a receipt until it is complete.
func completed(t *testing.T, c *webtest.Client, path string) map[string]any {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if receipt := c.Get(path).Want(200).JSON(); receipt["IsComplete"] == true {
			return receipt
		}
	}
	t.Fatalf("%s is never complete", path)
	return nil
}

func wantMembers(t *testing.T, got map[string]any, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v in %v", name, got[name], value, got)
		}
	}
}

// By REST there are receipts of all that has one by page.
func TestOtherReceiptsByREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		joinAs(t, f, "keyport-0")
		admin := asAdmin(t, f, site)
		one := map[string]any{"Replicas": 1.0, "Refusing": 1.0, "IsWaiting": false}

		bob := "/api/users/" + f.Bob.PublicID()
		admin.Get(bob + "/deactivation").Want(404)
		admin.JSON(http.MethodPut, bob, `{"IsActive": false}`).Want(200)
		receipt := completed(t, admin, bob+"/deactivation")
		wantMembers(t, receipt, one)
		wantMembers(t, receipt, map[string]any{"UserId": f.Bob.PublicID()})

		admin.JSON(http.MethodPut, "/api/configuration/authentication/values", `{"ApiKeyDefaultExpiryDays": 30, "ApiKeyMaxExpiryDays": 60}`).Want(200)
		receipt = completed(t, admin, "/api/configuration/authentication/receipt")
		wantMembers(t, receipt, one)
		if changed, _ := receipt["Changed"].(string); !strings.HasPrefix(changed, "20") {
			t.Errorf("the policy was changed at %v", receipt["Changed"])
		}

		ends(f, f.Alice, "Farm 1", 20)
		ends(f, f.Alice, "Farm 2", 20)
		page := browserOf(f, site, f.Admin)
		_, form := revokeAll(page, "owner=alice", "No longer needed")
		progress := page.Form(allKeys+"/revocations", form).Want(303).Header.Get("Location")
		path := "/api/apikeys/revocations/Revocations-" + progress[strings.LastIndex(progress, "/")+1:] + "/receipt"
		admin.Get(path).Want(404)
		if err := f.Store.WorkOffRevocations(t.Context()); err != nil {
			t.Fatal(err)
		}
		receipt = completed(t, admin, path)
		wantMembers(t, receipt, one)
		wantMembers(t, receipt, map[string]any{"KeysChosen": 2.0, "KeysRevoked": 2.0, "KeysSkipped": 0.0, "Reason": "No longer needed"})
		admin.Get(strings.Replace(path, "Revocations-", "Revocations-0", 1)).Want(404)
		site.WithKey(mustKey(t, f, f.Alice)).Get(path).Want(403)
	})
}
