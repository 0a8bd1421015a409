package store_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := models.WithRequest(nobody, models.Request{ID: "r1", Address: "192.0.2.1", UserAgent: "browser"})
		events := newEvents(t, f, func() {
			got := must[models.User](t)(f.Store.SignIn(ctx, " ALICE", storetest.Password))
			if got != f.Alice {
				t.Errorf("user = %+v, want %+v", got, f.Alice)
			}
		})
		if len(events) != 1 {
			t.Fatalf("events = %+v", events)
		}
		e := events[0]
		if e.Category != models.LoginSucceeded || e.UserID == nil || *e.UserID != f.Alice.ID || e.Username != "alice" || e.RequestID != "r1" || e.Address != "192.0.2.1" || e.UserAgent != "browser" {
			t.Errorf("event = %+v", e)
		}
	})
}

// Whatever is wrong: the same words, one hash, one event.
func TestSignInRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Charlie.ID)
		f.Exec("UPDATE users SET password_hash = '' WHERE id = ?", f.Bob.ID)
		const typed = "hunter2-typed-into-the-name"
		tests := []struct {
			name, username, password string
			noted                    string
		}{
			{"wrong password", "alice", "wrong horse battery staple", "alice"},
			{"empty password", "alice", "", "alice"},
			{"inactive", "charlie", storetest.Password, "charlie"},
			{"service account", "robot", "", "robot"},
			{"no password", "bob", storetest.Password, "bob"},
			{"no password, empty", "bob", "", "bob"},
			{"unknown name", typed, storetest.Password, "unknown user"},
			{"no name", "", storetest.Password, "unknown user"},
			{"over-long password", "alice", strings.Repeat("x", 257), "alice"},
			{"huge password", "alice", strings.Repeat("x", 1<<20), "alice"},
			{"over-long password, unknown", "zoe", strings.Repeat("x", 257), "unknown user"},
			{"NUL", "alice\x00", storetest.Password, "unknown user"},
			{"invalid UTF-8", "\xff\xfe", "\xff\xfe", "unknown user"},
			{"10,000 combining marks", strings.Repeat("\u0301", 10000), strings.Repeat("\u0301", 10000), "unknown user"},
		}
		words := map[string]bool{}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				hashes := f.Store.Hashes()
				events := newEvents(t, f, func() {
					_, err := f.Store.SignIn(nobody, tt.username, tt.password)
					wantKind(t, err, models.Unauthenticated)
					words[err.Error()] = true
				})
				if got := f.Store.Hashes() - hashes; got != 1 {
					t.Errorf("hashes = %d, want 1", got)
				}
				if len(events) != 1 || events[0].Category != models.LoginFailed || events[0].Username != tt.noted {
					t.Errorf("events = %+v, want one about %s", events, tt.noted)
				}
			})
		}
		if len(words) != 1 {
			t.Errorf("answers = %v, want one", words)
		}
		if strings.Contains(dump(t, f), typed) || strings.Contains(f.Log.String(), typed) {
			t.Error("a name that nobody has was stored as typed")
		}
	})
}

// A hash of lower costs is replaced when its password is next seen.
func TestSignInRaisesCosts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		salt := []byte("eight888")
		sum := argon2.IDKey([]byte(storetest.Password), salt, 1, 64, 1, 32)
		weak := "$argon2id$v=19$m=64,t=1,p=1$" + base64.RawStdEncoding.EncodeToString(salt) + "$" + base64.RawStdEncoding.EncodeToString(sum)
		f.Exec("UPDATE users SET password_hash = ? WHERE id = ?", weak, f.Alice.ID)
		must[models.User](t)(f.Store.SignIn(nobody, "alice", storetest.Password))
		if got := f.Count("SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%' AND username = 'alice'"); got != 1 {
			t.Error("the hash was not raised")
		}
		must[models.User](t)(f.Store.SignIn(nobody, "alice", storetest.Password))
	})
}

func TestChangePassword(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		const fresh = "a completely different sentence"
		here, elsewhere, bob := f.As(f.Alice), f.As(f.Alice), f.As(f.Bob)
		_, secret := f.Issue(f.Alice, models.NewKey{})
		wantKind(t, f.Store.ChangePassword(nobody, storetest.Password, fresh), models.Unauthenticated)
		wantKind(t, f.Store.ChangePassword(f.AsKey(secret), storetest.Password, fresh), models.Forbidden)
		err := f.Store.ChangePassword(here, "not the password at all", "short")
		wantProblem(t, err, "CurrentPassword")
		wantProblem(t, err, "Password")
		wantProblem(t, f.Store.ChangePassword(here, storetest.Password, "alice alice alice"), "Password")
		wantProblem(t, f.Store.ChangePassword(here, strings.Repeat("x", 1<<20), fresh), "CurrentPassword")
		must[models.User](t)(f.Store.SignIn(nobody, "alice", storetest.Password))

		events := newEvents(t, f, func() { wantKind(t, f.Store.ChangePassword(here, storetest.Password, fresh), 0) })
		if len(events) != 1 || events[0].Category != models.Modified || events[0].Message != "The password of alice was changed" {
			t.Errorf("events = %+v", events)
		}
		_, err = f.Store.SignIn(nobody, "alice", storetest.Password)
		wantKind(t, err, models.Unauthenticated)
		must[models.User](t)(f.Store.SignIn(nobody, "alice", fresh))
		for name, tt := range map[string]struct {
			digest []byte
			want   models.Kind
		}{
			"here":      {models.ActorFrom(here).SessionDigest, 0},
			"elsewhere": {models.ActorFrom(elsewhere).SessionDigest, models.Unauthenticated},
			"bob":       {models.ActorFrom(bob).SessionDigest, 0},
		} {
			if _, _, err := f.Store.Session(nobody, tt.digest); (err == nil) != (tt.want == 0) {
				t.Errorf("session %s: error = %v", name, err)
			}
		}
	})
}

// whileHashing runs a call, and does something else while the call waits for
// its hash.
func whileHashing(t *testing.T, f *storetest.Fixture, call func() error, meanwhile func()) error {
	t.Helper()
	waiting, release := f.Store.HoldHashing()
	answer := make(chan error, 1)
	go func() { answer <- call() }()
	for deadline := time.Now().Add(5 * time.Second); waiting() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the call asks for no hash")
		}
	}
	meanwhile()
	release()
	return <-answer
}

// A user who is switched off, or whose password changes, while the old one is
// being checked does not get in.
func TestChangesWhileSigningIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		signIn := func() error { _, err := f.Store.SignIn(nobody, "alice", storetest.Password); return err }
		for name, change := range map[string][2]string{
			"password changes": {"UPDATE users SET password_hash = '" + f.Store.DummyHash() + "' WHERE username = 'alice'", "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE username = 'bob') WHERE username = 'alice'"},
			"switched off":     {"UPDATE users SET is_active = NOT is_active WHERE username = 'alice'", "UPDATE users SET is_active = NOT is_active WHERE username = 'alice'"},
		} {
			events := newEvents(t, f, func() {
				wantKind(t, whileHashing(t, f, signIn, func() { f.Exec(change[0]) }), models.Unauthenticated)
			})
			if len(events) != 1 || events[0].Category != models.LoginFailed || events[0].Username != "alice" {
				t.Errorf("%s: events = %+v", name, events)
			}
			f.Exec(change[1])
			wantKind(t, signIn(), 0)
		}
	})
}

// A password is not changed by a session that was ended meanwhile; and of two
// changes, the second is told that the first came before.
func TestChangesWhileChangingThePassword(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		change := func() error {
			return f.Store.ChangePassword(ctx, storetest.Password, "a completely different sentence")
		}
		wantKind(t, whileHashing(t, f, change, func() {
			wantKind(t, f.Store.EndSession(nobody, models.ActorFrom(ctx).SessionDigest), 0)
		}), models.Unauthenticated)
		ctx = f.As(f.Alice)
		wantKind(t, whileHashing(t, f, change, func() {
			f.Exec("UPDATE users SET password_hash = ? WHERE username = 'alice'", f.Store.DummyHash())
		}), models.Conflict)
	})
}
