package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

func TestAllKeysByREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		client := asAdmin(t, f, webtest.New(t, f.Store))
		for i := range 7 {
			f.Issue(f.Robot, models.NewKey{Purpose: fmt.Sprintf("Robot %d", i), Expires: models.ExpiresAt(f.Store.Now().Add(time.Duration(i+5) * 24 * time.Hour))})
		}
		revoked, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Revoked"})
		client.Do(http.MethodDelete, "/api/users/"+f.Alice.PublicID()+"/apikeys/"+revoked.ID, "", nil).Want(200)

		var purposes []string
		pages := 0
		for next := "/api/apikeys?kind=service&take=3"; next != ""; pages++ {
			page := client.Get(next).Want(200)
			for _, item := range items(t, page) {
				purposes = append(purposes, item["Purpose"].(string))
			}
			next, _ = dig(t, page, "Links").(map[string]any)["Page.Next"].(string)
		}
		if got := strings.Join(purposes, ","); pages != 3 || got != "Robot 0,Robot 1,Robot 2,Robot 3,Robot 4,Robot 5,Robot 6" {
			t.Errorf("walked over %q on %d pages", got, pages)
		}
		for query, want := range map[string]int{"status=revoked": 1, "owner=alice&status=all": 1, "PURPOSE=robot 3": 1, "ends-to=2026-11-29&zone=UTC&kind=service": 2, "status=expires-soon&kind=service": 7, "take=0": 0} {
			if got := items(t, client.Get("/api/apikeys?"+strings.ReplaceAll(query, " ", "%20")).Want(200)); len(got) != want {
				t.Errorf("%s: got %d keys, want %d", query, len(got), want)
			}
		}
		one := client.Get("/api/apikeys?owner=alice&status=all").Want(200)
		if text(t, one, "Items.0.Owner.Username") != "alice" || dig(t, one, "TotalIsExact") != true {
			t.Errorf("got %s", one.Body)
		}
		for _, query := range []string{"status=live", "kind=robot", "cursor=x", "zone=Here", "ends-from=soon", "over=1097"} {
			client.Get("/api/apikeys?" + query).Want(400)
		}
	})
}

func TestKeyOfTheCall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		key, secret := f.Issue(f.Robot, models.NewKey{Purpose: "Pipeline"})
		client := site.WithKey(secret.Reveal())
		self := client.Get("/api/apikeys/self").Want(200)
		if text(t, self, "Id") != key.ID || text(t, self, "Purpose") != "Pipeline" || text(t, self, "Owner.Username") != "robot" || text(t, self, "AccessLevel") != "FullAccess" {
			t.Errorf("self = %s", self.Body)
		}
		if strings.Contains(self.Body, secret.Reveal()) {
			t.Error("the answer shows the secret")
		}
		client.Do(http.MethodDelete, "/api/apikeys/self", "", nil).Want(200)
		client.Get("/api/apikeys/self").Want(401)
	})
}

func TestIdempotencyKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin, robot := asAdmin(t, f, site), site.WithKey(mustKey(t, f, f.Robot))
		keys := "/api/users/" + f.Robot.PublicID() + "/apikeys"
		send := func(c *webtest.Client, once string) webtest.Answer {
			return c.Do(http.MethodPost, keys, `{"Purpose":"Once"}`, http.Header{"Idempotency-Key": {once}})
		}
		made := send(admin, "8e03978e-40d5-43dd-bc93-6894a57f9324").Want(200)
		again := send(admin, "8e03978e-40d5-43dd-bc93-6894a57f9324").Want(409)
		if strings.Contains(again.Body, text(t, made, "ApiKey")) || !strings.Contains(text(t, again, "ErrorMessage"), "Idempotency-Key") {
			t.Errorf("the second answer is %s", again.Body)
		}
		send(robot, "8e03978e-40d5-43dd-bc93-6894a57f9324").Want(200) // another caller's
		send(admin, "another").Want(200)
		if n := f.Count("SELECT COUNT(*) FROM api_keys WHERE purpose = 'Once'"); n != 3 {
			t.Errorf("there are %d keys, want 3", n)
		}
		if id := text(t, made, "Id"); !strings.Contains(text(t, again, "ErrorMessage"), id) {
			t.Errorf("the second answer does not name %s: %s", id, again.Body)
		}
		for _, other := range []string{`{"Purpose":"Once more"}`, `{"Purpose":"Once","Expires":"2026-12-01T12:00:00Z"}`, `{"Purpose":"Once","AccessLevel":"ReadOnly"}`} {
			answer := admin.Do(http.MethodPost, keys, other, http.Header{"Idempotency-Key": {"another"}}).Want(400)
			if !strings.Contains(answer.Body, "different key") {
				t.Errorf("%s: got %s", other, answer.Body)
			}
		}
		exact := `{"purpose":" Once ","Expires":"2026-12-01T13:00:00.1234567+01:00","AccessLevel":"ReadOnly","Services":["keyport"]}`
		for _, status := range []int{200, 409} {
			admin.Do(http.MethodPost, keys, exact, http.Header{"Idempotency-Key": {"exact"}}).Want(status)
		}
		own := admin.Do(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"Mine"}`, http.Header{"Idempotency-Key": {"another"}}).Want(200) // another owner's
		if text(t, own, "UserId") != f.Admin.PublicID() {
			t.Errorf("got %s", own.Body)
		}
		for _, wrong := range []string{" ", `""`, "with blank", "é", strings.Repeat("x", 201)} {
			send(admin, wrong).Want(400)
		}
		admin.Do(http.MethodPost, keys, `{"Purpose":"Once"}`, http.Header{"Idempotency-Key": {"a", "b"}}).Want(400)
	})
}

func TestExpiringKeysAnnounceIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		key, secret := f.Issue(f.Robot, models.NewKey{Purpose: "Pipeline", Expires: models.ExpiresAt(f.Store.Now().Add(30 * 24 * time.Hour))})
		client := site.WithKey(secret.Reveal())
		if got := client.Get("/api/users/me").Want(200).Header.Get("X-Keyport-Key-Expires"); got != "" {
			t.Errorf("30 days before the end the header is %q", got)
		}
		f.Clock.Advance(10 * 24 * time.Hour)
		want := key.ExpiresAt.UTC().Format(time.RFC3339)
		for path, status := range map[string]int{"/api/users/me": 200, "/api/users": 403, "/api/nothing": 404, "/api": 200} {
			if got := client.Get(path).Want(status).Header.Get("X-Keyport-Key-Expires"); got != want {
				t.Errorf("%s: 20 days before the end the header is %q, want %q", path, got, want)
			}
		}
		if got := site.Client().Get("/api/users/me").Want(401).Header.Get("X-Keyport-Key-Expires"); got != "" {
			t.Errorf("without a key the header is %q", got)
		}
	})
}
