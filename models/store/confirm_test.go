package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/url"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestConfirm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		wantKind(t, f.Store.ConfirmPassword(ctx, storetest.Password), 0)
		wantProblem(t, f.Store.ConfirmCode(ctx, "123456"), "Code")
		secret, codes := withApp(t, f, f.Alice)
		events := newEvents(t, f, func() { wantProblem(t, f.Store.ConfirmPassword(ctx, "not it at all, no"), "Password") })
		if len(events) != 1 || events[0].Category != models.LoginFailed || events[0].Message != "Sign-in as alice was not confirmed: the password was wrong" {
			t.Errorf("events = %+v", events)
		}
		wantKind(t, f.Store.ConfirmCode(ctx, codeNow(f, secret)), 0)
		wantProblem(t, f.Store.ConfirmCode(ctx, codeNow(f, secret)), "Code")
		wantProblem(t, f.Store.ConfirmCode(ctx, codes[0]), "Code") // recovery codes are for signing in
		_, key := f.Issue(f.Alice, models.NewKey{})
		for name, refused := range map[string]context.Context{"nobody": nobody, "key": f.AsKey(key), "console": storetest.Console()} {
			if err := f.Store.ConfirmPassword(refused, storetest.Password); models.KindOf(err) != models.Unauthenticated {
				t.Errorf("%s: error = %v", name, err)
			}
		}
	})
}

// Whoever has got hold of a session can't guess the password with it: not where
// it is confirmed, and not where it is changed.
func TestConfirmIsSlowedDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		hashes := f.Store.Hashes()
		for n := range 30 {
			var err error
			if n%2 == 0 {
				err = f.Store.ConfirmPassword(ctx, "not it at all, no")
			} else {
				err = f.Store.ChangePassword(ctx, "not it at all, no", "a completely different sentence")
			}
			if kind := models.KindOf(err); kind != models.Invalid && kind != models.TooMany {
				t.Fatalf("error = %v", err)
			}
		}
		if got := f.Store.Hashes() - hashes; got != int64(models.ThrottleDevice.Free) {
			t.Errorf("hashes = %d, want %d", got, models.ThrottleDevice.Free)
		}
		wantKind(t, f.Store.ConfirmPassword(ctx, storetest.Password), models.TooMany)
		wantKind(t, f.Store.ConfirmPassword(f.As(f.Alice), storetest.Password), 0)
		f.Clock.Advance(time.Minute)
		wantKind(t, f.Store.ConfirmPassword(ctx, storetest.Password), 0)
		for range 20 { // a new password that is unfit is no guess
			wantProblem(t, f.Store.ChangePassword(ctx, storetest.Password, "short"), "Password")
		}
	})
}

func TestRenewSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		old := models.ActorFrom(ctx).SessionDigest
		before, _, err := f.Store.Session(nobody, old)
		wantKind(t, err, 0)
		f.Clock.Advance(30 * time.Minute)
		fresh := make([]byte, 32)
		rand.Read(fresh)
		wantKind(t, f.Store.RenewSession(ctx, fresh), 0)
		_, _, err = f.Store.Session(nobody, old)
		wantKind(t, err, models.Unauthenticated)
		after, user, err := f.Store.Session(nobody, fresh)
		wantKind(t, err, 0)
		if user.ID != f.Alice.ID || !after.SignedInAt.Equal(f.Store.Now()) || !after.EndsAt.Equal(before.EndsAt) || !after.CreatedAt.Equal(before.CreatedAt) || !bytes.Equal(after.Digest, fresh) {
			t.Errorf("session = %+v, before it was %+v", after, before)
		}
		wantKind(t, f.Store.RenewSession(ctx, fresh), models.Unauthenticated)
	})
}

func TestKeptForm(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	ctx := f.As(f.Alice)
	form := url.Values{"purpose": {"a", "b"}, "password": {"secret words"}}
	kept := must[string](t)(f.Store.KeepForm(ctx, "/x", form))
	if got := must[url.Values](t)(f.Store.KeptForm(ctx, "/x", kept)); got.Encode() != form.Encode() {
		t.Errorf("form = %v, want %v", got, form)
	}
	for name, tt := range map[string]struct {
		ctx        context.Context
		path, kept string
	}{
		"other address": {ctx, "/y", kept}, "somebody else": {f.As(f.Bob), "/x", kept}, "changed": {ctx, "/x", "A" + kept[1:]}, "empty": {ctx, "/x", ""},
	} {
		if _, err := f.Store.KeptForm(tt.ctx, tt.path, tt.kept); models.KindOf(err) != models.Conflict {
			t.Errorf("%s: error = %v, want a conflict", name, err)
		}
	}
	f.Clock.Advance(time.Hour)
	_, err := f.Store.KeptForm(ctx, "/x", kept)
	wantKind(t, err, models.Conflict)
}
