package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// A key is rotated by REST, by its owner and by itself, and a lost answer sent
// again makes no second secret.
func TestRotateOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		old, secret := f.Issue(f.Alice, models.NewKey{Purpose: "Pipeline", Access: models.AccessWish{Services: []string{"keyport", "billing"}}})
		f.Clock.Advance(time.Hour)
		alice := site.WithKey(mustKey(t, f, f.Alice))
		path := "/api/users/" + f.Alice.PublicID() + "/apikeys/" + old.ID
		once := http.Header{"Idempotency-Key": {"lost-answer-1"}, "Content-Type": {"application/json"}}
		made := alice.Do(http.MethodPost, path+"/rotate", `{"OverlapDays":2}`, once).Want(200).JSON()
		alice.Do(http.MethodPost, path+"/rotate", `{"OverlapDays":2}`, once).Want(409)
		if made["Purpose"] != "Pipeline" || made["UserId"] != f.Alice.PublicID() {
			t.Errorf("got %v", made)
		}
		fresh := site.WithKey(made["ApiKey"].(string))
		if got := fresh.Get("/api/apikeys/self").Want(200).JSON()["Services"].([]any); len(got) != 2 {
			t.Errorf("the new key is for %v", got)
		}
		site.WithKey(secret.Reveal()).Get("/api/users/me").Want(200)
		f.Clock.Advance(48 * time.Hour)
		site.WithKey(secret.Reveal()).Get("/api/users/me").Want(401)

		next := fresh.JSON(http.MethodPost, "/api/apikeys/self/rotate", `{"OldKeyEnds":"OnFirstUse"}`).Want(200).JSON()
		if next["Expires"] != made["Expires"] && next["Expires"].(string) > made["Expires"].(string) {
			t.Errorf("by rotating itself the key went from %v to %v", made["Expires"], next["Expires"])
		}
		fresh.Get("/api/users/me").Want(200)
		site.WithKey(next["ApiKey"].(string)).Get("/api/users/me").Want(200)
		if err := f.Store.FlushSeen(t.Context()); err != nil {
			t.Fatal(err)
		}
		fresh.Get("/api/users/me").Want(401)

		last := site.WithKey(next["ApiKey"].(string))
		for _, wrong := range []string{`{"OverlapDays":31}`, `{"OverlapDays":-1}`, `{"OldKeyEnds":"Never"}`, `{"OldKeyEnds":"OnFirstUse","OverlapDays":1}`, `{"OverlapDays":"x"}`, `{"Expires":"tomorrow"}`, `[`} {
			last.JSON(http.MethodPost, "/api/apikeys/self/rotate", wrong).Want(400)
		}
		f.Clock.Advance(time.Hour)
		last.Do(http.MethodPost, "/api/apikeys/self/rotate", "", nil).Want(200)
		last.Get("/api/users/me").Want(401)
	})
}
