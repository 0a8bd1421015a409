package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// TestKeyPageShowsWhoUsedTheKey calls the API with a key and looks it up as its
// owner. What was refused does not count.
func TestKeyPageShowsWhoUsedTheKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		key, secret := usable(t, f, f.Alice)
		client := site.WithKey(secret)
		client.Header.Set("User-Agent", "nightly-report/2.1")
		client.Get("/api/users/me").Want(200)
		broken := site.WithKey(secret[:len(secret)-1] + "!")
		broken.Header.Set("User-Agent", "stranger/1.0")
		broken.Get("/api/users/me").Want(401)
		if err := f.Store.FlushSeen(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(5 * time.Minute)
		alice := browserOf(f, site, f.Alice)
		page := alice.Get("/account/apikeys/" + key.ID).Want(200)
		for _, want := range []string{"nightly-report/2.1", "127.0.0.1", "5 minutes ago", key.Hint()} {
			if !strings.Contains(page.Body, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		if strings.Contains(page.Body, "stranger") {
			t.Error("a refused call counts as a use")
		}
		if href, _ := alice.Get("/account/apikeys").Find("tbody .title a").Attr("href"); href != "/account/apikeys/"+key.ID {
			t.Errorf("the list leads to %q", href)
		}
	})
}
