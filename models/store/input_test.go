package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// hostile are texts that have broken databases and programs before.
var hostile = map[string]string{
	"NUL":             "a\x00b",
	"only NUL":        "\x00",
	"invalid UTF-8":   "a\xff\xfeb",
	"lone surrogate":  "\xed\xa0\x80",
	"cut character":   "caf\xc3",
	"combining marks": "a" + strings.Repeat("\u0301", 10000),
	"very long":       strings.Repeat("x", 1<<20),
	"wildcards":       `%_\%`,
	"trailing escape": `abc\`,
	"quote":           `'; DROP TABLE users; --`,
	"placeholder":     "? $1 @name :x",
	"bidi":            "\u202eevil",
	"newline":         "a\nb",
	"empty":           "",
	"blank":           " \t ",
	"emoji":           "👩‍👩‍👧",
	"highest":         "\U0010FFFF",
}

// Whatever is typed, both databases answer the same, and never with an
// internal error.
func TestHostileInput(t *testing.T) {
	answers := map[storetest.Engine]map[string]string{}
	for _, e := range storetest.Engines {
		f := storetest.New(t, e)
		answers[e] = map[string]string{}
		for name, text := range hostile {
			for operation, err := range hostileCalls(f, text) {
				if err != nil && models.KindOf(err) == models.Internal {
					t.Errorf("%s, %s with %s: %v", e, operation, name, err)
				}
				answers[e][operation+" with "+name] = fmt.Sprint(err)
			}
		}
		must[models.User](t)(f.Store.User(storetest.Console(), f.Alice.ID))
	}
	for call, want := range answers[storetest.SQLite] {
		if got := answers[storetest.PostgreSQL][call]; got != want {
			t.Errorf("%s: PostgreSQL says %q, SQLite says %q", call, got, want)
		}
	}
}

// hostileCalls passes a text to everything that takes one.
func hostileCalls(f *storetest.Fixture, text string) map[string]error {
	request := models.Request{ID: text, Address: text, UserAgent: text}
	admin := models.WithRequest(f.As(f.Admin), request)
	actor := *models.ActorFrom(admin)
	actor.Address, actor.UserAgent, actor.RequestID = text, text, text
	admin = models.WithActor(admin, &actor)
	digest := actor.SessionDigest
	page := models.Page{Take: 5}
	errs := map[string]error{}
	_, _, errs["authenticate"] = f.Store.Authenticate(admin, text)
	_, _, errs["purpose"] = f.Store.IssueAPIKey(admin, f.Admin.ID, models.NewKey{Purpose: text})
	_, _, errs["form"] = f.Store.IssueAPIKey(admin, f.Admin.ID, models.NewKey{Purpose: "form", FormID: text})
	_, errs["revoke"] = f.Store.RevokeAPIKey(admin, f.Admin.ID, text)
	_, errs["key"] = f.Store.APIKey(admin, f.Admin.ID, text)
	_, errs["search"] = f.Store.APIKeysOf(admin, f.Admin.ID, models.KeyFilter{Search: text, Page: page})
	_, errs["search by beginning"] = f.Store.APIKeysOf(admin, f.Admin.ID, models.KeyFilter{Search: "API-" + text, Page: page})
	_, errs["filter"] = f.Store.APIKeysOf(admin, f.Admin.ID, models.KeyFilter{Purpose: text, Page: page})
	_, errs["sort"] = f.Store.APIKeysOf(admin, f.Admin.ID, models.KeyFilter{Sort: models.KeySort(text), Page: page})
	_, errs["status"] = f.Store.APIKeysOf(admin, f.Admin.ID, models.KeyFilter{Status: models.KeyStatus(text), Page: page})
	_, errs["negative page"] = f.Store.APIKeysOf(admin, f.Admin.ID, models.KeyFilter{Page: models.Page{Skip: -1, Take: -1}})
	_, errs["user"] = f.Store.UserByName(admin, text)
	_, errs["sign in"] = f.Store.SignIn(models.WithRequest(context.Background(), request), text, text)
	_, errs["new user"] = f.Store.CreateUser(admin, models.NewUser{Username: text, DisplayName: text, Email: text, Password: text}, false)
	errs["time zone"] = f.Store.SetTimeZone(admin, text)
	errs["password"] = f.Store.ChangePassword(admin, text, text)
	fresh := sha256.Sum256([]byte(text))
	errs["session"] = f.Store.StartSession(admin, models.Session{Digest: fresh[:], UserID: f.Bob.ID, Address: text, UserAgent: text, Flash: text})
	_, _, errs["session digest"] = f.Store.Session(admin, []byte(text))
	errs["flash"] = f.Store.SetFlash(admin, digest, text)
	_, errs["take flash"] = f.Store.TakeFlash(admin, digest)
	errs["end session"] = f.Store.EndMySession(admin, []byte(text))
	_, errs["claim"] = f.Store.ClaimSetup(admin, text, models.NewUser{Username: text, Password: text})
	f.Store.Seen(text, text, "curl/8.5", f.Clock.Now())
	errs["seen"] = f.Store.FlushSeen(admin)
	return errs
}

// Far numbers are refused like any other wrong number.
func TestHostileNumbers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Admin)
		for _, id := range []int64{0, -1, 1 << 62, -1 << 63} {
			_, err := f.Store.User(ctx, id)
			wantKind(t, err, models.NotFound)
			_, _, err = f.Store.IssueAPIKey(ctx, id, models.NewKey{Purpose: "p"})
			wantKind(t, err, models.NotFound)
			_, err = f.Store.APIKeysOf(ctx, id, models.KeyFilter{Page: models.Page{Take: 1}})
			wantKind(t, err, models.NotFound)
		}
		list := must[models.KeyList](t)(f.Store.APIKeysOf(ctx, f.Admin.ID, models.KeyFilter{Page: models.Page{Skip: 1 << 62, Take: 1 << 62}}))
		if len(list.Keys) != 0 || list.Total != 0 {
			t.Errorf("list = %+v", list)
		}
		for _, days := range []int{0, -1, 1097, 106752, 213684, 1 << 40} {
			_, _, err := f.Store.IssueAPIKey(ctx, f.Admin.ID, models.NewKey{Purpose: "p", Expires: models.ExpiresInDays(days, nil)})
			wantProblem(t, err, "Expires")
		}
	})
}
