package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

const revocations = "/api/apikeys/revocations"

// farm gives Alice so many keys of one purpose.
func farm(t *testing.T, f *storetest.Fixture, n int) (ids []string) {
	t.Helper()
	for i := range n {
		ids = append(ids, ends(f, f.Alice, fmt.Sprint("Farm ", i), 50).ID)
	}
	return ids
}

func workOff(t *testing.T, f *storetest.Fixture) {
	t.Helper()
	if err := f.Store.WorkOffRevocations(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The keys that a filter chooses, and as many as were expected, are revoked, and
// the answer leads to how far that is, to each key and to the receipt.
func TestRevokeManyByREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		joinAs(t, f, "keyport-0")
		admin := asAdmin(t, f, site)
		ids := farm(t, f, 38)
		_, kept := usable(t, f, f.Bob)
		listed := int(admin.Get("/api/apikeys?purpose=farm&owner=alice").Want(200).JSON()["TotalResults"].(float64))
		started := admin.JSON(http.MethodPost, revocations+"?Purpose=farm&owner=alice", fmt.Sprintf(`{"ExpectedKeys": %d, "Reason": " The farm is gone "}`, listed)).Want(202)
		path := started.Header.Get("Location")
		wantMembers(t, started.JSON(), map[string]any{"IsRunning": true, "KeysChosen": 38.0, "KeysRevoked": 0.0, "Reason": "The farm is gone", "StartedBy": "admin", "Finished": nil, "Receipt": nil, "Stopped": ""})
		if path != text(t, started, "Links.Self") || path != revocations+"/"+text(t, started, "Id") {
			t.Errorf("Location is %q in %s", path, started.Body)
		}
		if got := admin.Get(path).Want(200); got.Body != started.Body {
			t.Errorf("a moment later: %s", got.Body)
		}
		if got := admin.Get(path + "/keys?take=2").Want(200); len(items(t, got)) != 2 || dig(t, got, "TotalResults") != 38.0 || text(t, got, "Items.0.Outcome") != "Waiting" {
			t.Errorf("keys that wait: %s", got.Body)
		}
		ended := "/api/users/" + f.Alice.PublicID() + "/apikeys/"
		admin.Do(http.MethodDelete, ended+ids[7], "", nil).Want(200)
		workOff(t, f)
		completed(t, admin, path+"/receipt")
		done := admin.Get(path).Want(200)
		wantMembers(t, done.JSON(), map[string]any{"IsRunning": false, "KeysChosen": 38.0, "KeysRevoked": 37.0, "KeysSkipped": 1.0})
		if receipt := dig(t, done, "Receipt").(map[string]any); receipt["Replicas"] != 1.0 || receipt["Refusing"] != 1.0 || receipt["IsComplete"] != true {
			t.Errorf("the receipt: %v", receipt)
		}
		keys := items(t, admin.Get(path+"/keys?take=200").Want(200))
		if len(keys) != 38 || keys[0]["KeyId"] != ids[7] || keys[0]["Outcome"] != "Ended" || keys[1]["Outcome"] != "Revoked" || keys[1]["UserId"] != f.Alice.PublicID() {
			t.Errorf("the keys: %v", keys)
		}
		site.WithKey(kept).Get("/api/users/me").Want(200)
		if n := f.Count("SELECT count(*) FROM events WHERE document_type = 'ApiKeys' AND category = 'Deleted' AND message LIKE '% was revoked: The farm is gone' AND identified_by LIKE 'API key ''%'"); n != 37 {
			t.Errorf("%d keys have an event that says why and by which key", n)
		}
	})
}

// Keys that are named are accounted for one by one, those that are unknown too.
func TestRevokeNamedKeysByREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := asAdmin(t, f, webtest.New(t, f.Store))
		ids := farm(t, f, 4)
		admin.Do(http.MethodDelete, "/api/users/"+f.Alice.PublicID()+"/apikeys/"+ids[0], "", nil).Want(200)
		unknown := models.NewKeyID()
		body := fmt.Sprintf(`{"Ids": [%q, %q, %q, %q, %q], "ExpectedKeys": 4, "Reason": "leaked"}`, ids[0], strings.ToUpper(ids[1]), ids[2], ids[2], unknown)
		path := admin.JSON(http.MethodPost, revocations, body).Want(202).Header.Get("Location")
		workOff(t, f)
		wantMembers(t, admin.Get(path).Want(200).JSON(), map[string]any{"KeysChosen": 4.0, "KeysRevoked": 2.0, "KeysSkipped": 2.0})
		got := map[any]any{}
		for _, k := range items(t, admin.Get(path+"/keys").Want(200)) {
			got[k["KeyId"]] = k["Outcome"]
		}
		if want := (map[any]any{ids[0]: "Ended", ids[1]: "Revoked", ids[2]: "Revoked", unknown: "NotFound"}); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
		admin.Get("/api/users/" + f.Alice.PublicID() + "/apikeys/" + ids[3]).Want(200)
		many := make([]string, models.MaxKeyIDs)
		for i := range many {
			many[i] = models.NewKeyID()
		}
		many[17] = ids[3]
		admin.JSON(http.MethodPost, revocations, fmt.Sprintf(`{"Ids": ["%s"], "ExpectedKeys": 1000, "Reason": "leaked"}`, strings.Join(many, `","`))).Want(202)
		admin.JSON(http.MethodPost, revocations, fmt.Sprintf(`{"Ids": ["%s"], "ExpectedKeys": 1, "Reason": "leaked"}`, unknown)).Want(409) // none of them can be revoked
	})
}

// More keys than were expected are refused, and so is whatever does not say
// clearly which keys are meant. None of it leaves anything behind.
func TestRevokeManyByRESTRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		id := farm(t, f, 3)[0]
		refused := func(status int, query, body string) webtest.Answer {
			t.Helper()
			before := census(f)
			answer := admin.JSON(http.MethodPost, revocations+query, body).Want(status)
			if census(f) != before {
				t.Errorf("%s %s was refused, yet something was written", query, body)
			}
			return answer
		}
		good := `{"ExpectedKeys": 3, "Reason": "r"}`
		more := refused(409, "?purpose=farm", `{"ExpectedKeys": 2, "Reason": "r"}`)
		if got := text(t, more, "ErrorMessage"); !strings.Contains(got, "More keys are chosen now than you agreed to: 3, and not 2. Nothing was changed. Look at them again") {
			t.Errorf("the refusal says %q", got)
		}
		refused(409, "?purpose=farm", `{"ExpectedKeys": -1, "Reason": "r"}`)
		refused(409, "?purpose=nothing", good)
		refused(409, "?status=revoked", good)
		for _, query := range []string{"", "?", "?purpose=", "?purpose=%20", "?purpose=%E2%80%8B", "?owner=", "?status=", "?pupose=farm", "?purpose=farm&take=2", "?purpose=farm&cursor=x", "?purpose=farm&sort=created",
			"?purpose=farm&purpose=x", "?zone=UTC&purpose=", "?purpose=farm&zone=Here", "?purpose=%00", "?purpose=%FF", "?status=live", "?ends-to=soon", "?over=0"} {
			refused(400, query, good)
		}
		for _, body := range []string{"", "[]", "{}", "null", `{"Reason": "r"}`, `{"ExpectedKeys": null, "Reason": "r"}`, `{"ExpectedKeys": 3}`, `{"ExpectedKeys": 3, "Reason": null}`, `{"ExpectedKeys": 3, "Reason": " "}`, `{"ExpectedKeys": 3, "Reason": "a\u0000b"}`,
			`{"ExpectedKeys": 3, "Reason": "` + strings.Repeat("x", 201) + `"}`, `{"ExpectedKeys": "3", "Reason": "r"}`, `{"ExpectedKeys": 1e99, "Reason": "r"}`, `{"ExpectedKeys": 3.5, "Reason": "r"}`,
			`{"ExpectedKeys": 1, "Reason": "r", "Ids": ["` + id + `"]}`} { // a filter and ids
			refused(400, "?purpose=farm", body)
		}
		for _, ids := range []string{`[]`, `["x"]`, `["\u0000"]`, `[""]`, `[null]`, `[7]`, `"` + id + `"`, `["` + id + `", "Users-1"]`, `["` + id + `", "` + models.NewKeyID() + `"]`, // two, and one is expected
			`["` + strings.Repeat(id+`", "`, models.MaxKeyIDs) + id + `"]`} {
			refused(400, "", `{"ExpectedKeys": 1, "Reason": "r", "Ids": `+ids+`}`)
		}
		for _, name := range []string{"Revocations-0", "Revocations-99999999999999999999", "7", "x", "Revocations-4711", "%00"} {
			for _, below := range []string{"", "/keys", "/receipt"} {
				admin.Get(revocations + "/" + name + below).Want(404)
			}
		}
	})
}

// Who may not revoke keys on the page may not here; nor may a key that only reads.
func TestRevokeManyByRESTNeedsTheRight(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		farm(t, f, 2)
		_, reads := f.Issue(f.Admin, models.NewKey{Purpose: "Reads", Access: models.AccessWish{Level: "ReadOnly"}})
		only := func(permission models.Permission) string {
			f.Exec("DELETE FROM team_members WHERE user_id = ?", f.Bob.ID)
			f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES (?, ?, ?)", string(permission), string(permission), int64(models.PermissionsOf(permission)))
			f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE name = ?", f.Bob.ID, string(permission))
			return mustKey(t, f, f.Bob)
		}
		body := `{"ExpectedKeys": 100, "Reason": "r"}`
		for _, key := range []string{reads.Reveal(), mustKey(t, f, f.Alice), only(models.UserView), only(models.UserEdit)} {
			client, before := site.WithKey(key), census(f)
			client.JSON(http.MethodPost, revocations+"?status=usable", body).Want(403)
			masked := client.Do(http.MethodPost, revocations+"?status=usable", body, http.Header{"X-Http-Method-Override": {"GET"}})
			if masked.Status < 400 || census(f) != before {
				t.Errorf("a refused call has left something behind; masked as another one it got %d", masked.Status)
			}
		}
	})
}

// The same call with the same Idempotency-Key starts once, and another call with
// it is a mistake.
func TestRevokeManyByRESTOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		ids := farm(t, f, 3)
		once := func(c *webtest.Client, key, query, body string) webtest.Answer {
			return c.Do(http.MethodPost, revocations+query, body, http.Header{"Idempotency-Key": {key}})
		}
		good := `{"ExpectedKeys": 3, "Reason": "gone"}`
		first := once(admin, "one", "?purpose=farm", good).Want(202)
		workOff(t, f)
		again := once(admin, "one", "?PURPOSE=farm", good).Want(202) // though none of them can be revoked any more
		if again.Header.Get("Location") != first.Header.Get("Location") || again.JSON()["IsRunning"] != false || again.JSON()["KeysRevoked"] != 3.0 {
			t.Errorf("the second answer is %s", again.Body)
		}
		named := fmt.Sprintf(`{"Ids": [%q], "ExpectedKeys": 1, "Reason": "gone"}`, ids[0])
		for _, other := range [][2]string{{"?purpose=farm", `{"ExpectedKeys": 3, "Reason": "another"}`}, {"?purpose=other", good}, {"?purpose=farm&zone=Europe/Berlin", good}, {"", named}} {
			if answer := once(admin, "one", other[0], other[1]).Want(400); !strings.Contains(answer.Body, "different revocation "+text(t, first, "Id")) {
				t.Errorf("%v: got %s", other, answer.Body)
			}
		}
		farm(t, f, 3)
		once(admin, "two", "?purpose=farm", good).Want(202)
		f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE built_in = 'administrators'", f.Bob.ID)
		other := once(site.WithKey(mustKey(t, f, f.Bob)), "one", "?purpose=farm", good).Want(202) // another caller's
		if other.Header.Get("Location") == first.Header.Get("Location") || f.Count("SELECT count(*) FROM revocations") != 3 {
			t.Errorf("another caller is answered %s", other.Body)
		}
		admin.Do(http.MethodPost, revocations+"?purpose=farm", good, http.Header{"Idempotency-Key": {"a", "b"}}).Want(400)
		once(admin, " ", "?purpose=farm", good).Want(400)
	})
}

// The key that makes the call may be among those that go: all of them do, and it
// learns no more of it.
func TestRevokeManyByRESTWithTheKeyOfTheCall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		farm(t, f, 250) // more than a batch, before and after the key of the call
		_, secret := f.Issue(f.Admin, models.NewKey{Purpose: "Cleaner"})
		cleaner := site.WithKey(secret.Reveal())
		path := cleaner.JSON(http.MethodPost, revocations+"?status=usable", `{"ExpectedKeys": 251, "Reason": "everything"}`).Want(202).Header.Get("Location")
		cleaner.Get(path).Want(200)
		workOff(t, f)
		cleaner.Get(path).Want(401)
		wantMembers(t, asAdmin(t, f, site).Get(path).Want(200).JSON(), map[string]any{"KeysRevoked": 251.0, "KeysSkipped": 0.0, "Stopped": "", "IsRunning": false})
	})
}
