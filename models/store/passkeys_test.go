package store_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

var portal = models.RelyingParty{ID: "keyport.example.com", Origin: "https://keyport.example.com"}

// withPasskey gives a user a passkey in a device of its own.
func withPasskey(t *testing.T, f *storetest.Fixture, user models.User) (*storetest.Authenticator, []string) {
	t.Helper()
	device := storetest.NewAuthenticator(t, portal.Origin)
	ctx := f.As(user)
	c := must[store.Challenge](t)(f.Store.StartPasskey(ctx, portal))
	codes := must[[]string](t)(f.Store.AddPasskey(ctx, portal, " Laptop ", store.Answer{Token: c.Token, Response: device.Make(c.Options)}))
	return device, codes
}

func TestAddAndRemovePasskey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		device := storetest.NewAuthenticator(t, portal.Origin)
		c := must[store.Challenge](t)(f.Store.StartPasskey(ctx, portal))
		answer := store.Answer{Token: c.Token, Response: device.Make(c.Options)}
		for _, name := range []string{"", "  ", strings.Repeat("x", 65), "a\u202eb"} {
			_, err := f.Store.AddPasskey(ctx, portal, name, answer)
			wantProblem(t, err, "Name")
		}
		_, err := f.Store.AddPasskey(f.As(f.Bob), portal, "Laptop", answer) // not bob's challenge
		wantProblem(t, err, "Passkey")
		var codes []string
		events := newEvents(t, f, func() { codes = must[[]string](t)(f.Store.AddPasskey(ctx, portal, " Laptop ", answer)) })
		if len(codes) != models.RecoveryCodes || len(events) != 1 || events[0].Message != "The passkey “Laptop” of alice was added" {
			t.Errorf("codes = %d, events = %+v", len(codes), events)
		}
		_, err = f.Store.AddPasskey(ctx, portal, "Again", answer)
		wantProblem(t, err, "Passkey") // the challenge is used
		c = must[store.Challenge](t)(f.Store.StartPasskey(ctx, portal))
		if text, _ := json.Marshal(c.Options); !strings.Contains(string(text), "excludeCredentials") {
			t.Error("the device is not told of the passkey that it has")
		}
		if codes := must[[]string](t)(f.Store.AddPasskey(ctx, portal, "Key ring", store.Answer{Token: c.Token, Response: device.Make(c.Options)})); codes != nil {
			t.Error("the recovery codes were replaced by a second passkey")
		}
		means := must[models.SignInMeans](t)(f.Store.MySignInMeans(ctx))
		if len(means.Passkeys) != 2 || means.Passkeys[0].Name != "Laptop" || string(means.Passkeys[0].UserHandle) != string(means.Passkeys[1].UserHandle) {
			t.Errorf("passkeys = %+v", means.Passkeys)
		}
		_, err = f.Store.RemovePasskey(f.As(f.Bob), means.Passkeys[0].ID)
		wantKind(t, err, models.NotFound)
		for _, k := range means.Passkeys {
			must[models.Passkey](t)(f.Store.RemovePasskey(ctx, k.ID))
		}
		_, err = f.Store.RemovePasskey(ctx, means.Passkeys[0].ID)
		wantKind(t, err, models.NotFound)
		if n := f.Count("SELECT count(*) FROM recovery_codes"); n != 0 {
			t.Errorf("%d recovery codes are left that stand in for nothing", n)
		}
		wantKind(t, signsIn(t, f.Store, nobody, "alice"), 0)
	})
}

func TestSignInWithPasskey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		device, _ := withPasskey(t, f, f.Alice)
		withPasskey(t, f, f.Bob)
		try := func(use func(c store.Challenge) store.Answer) (models.User, error) {
			t.Helper()
			return f.Store.SignInWithPasskey(nobody, portal, use(must[store.Challenge](t)(f.Store.AskForPasskey(portal))))
		}
		good := func(c store.Challenge) store.Answer {
			return store.Answer{Token: c.Token, Response: device.Use(c.Options)}
		}
		var used store.Answer
		events := newEvents(t, f, func() {
			user, err := try(func(c store.Challenge) store.Answer { used = good(c); return used })
			if err != nil || user.ID != f.Alice.ID || user.Username != "alice" {
				t.Errorf("user = %+v, %v", user, err)
			}
		})
		if len(events) != 1 || events[0].Category != models.LoginSucceeded || events[0].IdentifiedBy != "Passkey" {
			t.Errorf("events = %+v", events)
		}
		stranger := storetest.NewAuthenticator(t, portal.Origin)
		stranger.Make(must[store.Challenge](t)(f.Store.StartPasskey(f.As(f.Charlie), portal)).Options)
		phished := *device
		phished.Origin = "https://keyport.example.com.evil.example"
		careless := *device
		careless.Verifies = false
		for name, use := range map[string]func(store.Challenge) store.Answer{
			"replayed":        func(store.Challenge) store.Answer { return used },
			"other challenge": func(c store.Challenge) store.Answer { return store.Answer{Token: c.Token, Response: used.Response} },
			"unknown passkey": func(c store.Challenge) store.Answer {
				return store.Answer{Token: c.Token, Response: stranger.Use(c.Options)}
			},
			"another origin": func(c store.Challenge) store.Answer {
				return store.Answer{Token: c.Token, Response: phished.Use(c.Options)}
			},
			"owner not verified": func(c store.Challenge) store.Answer {
				return store.Answer{Token: c.Token, Response: careless.Use(c.Options)}
			},
			"no answer": func(c store.Challenge) store.Answer { return store.Answer{Token: c.Token} },
			"not JSON":  func(c store.Challenge) store.Answer { return store.Answer{Token: c.Token, Response: "]"} },
			"no token":  func(c store.Challenge) store.Answer { return store.Answer{Response: device.Use(c.Options)} },
			"token of a new one": func(c store.Challenge) store.Answer {
				return store.Answer{Token: must[store.Challenge](t)(f.Store.StartPasskey(f.As(f.Alice), portal)).Token, Response: device.Use(c.Options)}
			},
			"changed signature": func(c store.Challenge) store.Answer {
				return store.Answer{Token: c.Token, Response: strings.Replace(device.Use(c.Options), `"signature":"ME`, `"signature":"MF`, 1)}
			},
			"too late": func(c store.Challenge) store.Answer { a := good(c); f.Clock.Advance(5 * time.Minute); return a },
			"somebody's handle": func(c store.Challenge) store.Answer {
				return store.Answer{Token: c.Token, Response: strings.Replace(device.Use(c.Options), `"userHandle":"`, `"userHandle":"AAAA`, 1)}
			},
		} {
			events := newEvents(t, f, func() {
				if _, err := try(use); models.KindOf(err) != models.Invalid {
					t.Errorf("%s: error = %v, want a refusal", name, err)
				}
			})
			for _, e := range events {
				if e.Category == models.LoginSucceeded {
					t.Errorf("%s: events = %+v", name, events)
				}
			}
		}
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Alice.ID)
		_, err := try(good)
		wantKind(t, err, models.Invalid)
	})
}

func TestSecondStepByPasskey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		device, codes := withPasskey(t, f, f.Alice)
		device.Verifies = false // after the password, that somebody touches it is enough
		ticket := firstStep(t, f.Store, nobody, "alice")
		c := must[store.Challenge](t)(f.Store.SecondStepPasskey(nobody, portal, ticket))
		events := newEvents(t, f, func() {
			must[models.User](t)(f.Store.FinishWithPasskey(nobody, portal, ticket, store.Answer{Token: c.Token, Response: device.Use(c.Options)}))
		})
		if len(events) != 1 || events[0].IdentifiedBy != "Password and passkey" {
			t.Errorf("events = %+v", events)
		}
		// Bob's device, bob's challenge: neither completes alice's sign-in.
		bobs, _ := withPasskey(t, f, f.Bob)
		bob := firstStep(t, f.Store, nobody, "bob")
		theirs := must[store.Challenge](t)(f.Store.SecondStepPasskey(nobody, portal, bob))
		answer := store.Answer{Token: theirs.Token, Response: bobs.Use(theirs.Options)}
		_, err := f.Store.FinishWithPasskey(nobody, portal, ticket, answer)
		wantKind(t, err, models.Invalid)
		must[models.User](t)(f.Store.FinishWithPasskey(nobody, portal, bob, answer))
		_, err = f.Store.SecondStepPasskey(nobody, portal, "no ticket")
		wantKind(t, err, models.Unauthenticated)
		must[models.User](t)(f.Store.FinishWithCode(nobody, ticket, codes[0]))
	})
}

// A counter that goes backwards means that there is a copy of the passkey.
func TestCopiedPasskey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		device := storetest.NewAuthenticator(t, portal.Origin)
		device.Counter = 5
		ctx := f.As(f.Alice)
		c := must[store.Challenge](t)(f.Store.StartPasskey(ctx, portal))
		must[[]string](t)(f.Store.AddPasskey(ctx, portal, "Key ring", store.Answer{Token: c.Token, Response: device.Make(c.Options)}))
		twin := *device
		for n, tt := range []struct {
			device *storetest.Authenticator
			want   models.Kind
		}{{device, 0}, {device, 0}, {&twin, models.Invalid}, {device, 0}} {
			c := must[store.Challenge](t)(f.Store.AskForPasskey(portal))
			_, err := f.Store.SignInWithPasskey(nobody, portal, store.Answer{Token: c.Token, Response: tt.device.Use(c.Options)})
			if (err == nil) != (tt.want == 0) || err != nil && models.KindOf(err) != tt.want {
				t.Errorf("use %d: error = %v, want kind %d", n, err, tt.want)
			}
		}
	})
}

func TestConfirmPasskey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		device, _ := withPasskey(t, f, f.Alice)
		ctx := f.As(f.Alice)
		c := must[store.Challenge](t)(f.Store.ConfirmPasskeyOptions(ctx, portal))
		answer := store.Answer{Token: c.Token, Response: device.Use(c.Options)}
		wantProblem(t, f.Store.ConfirmPasskey(f.As(f.Bob), portal, answer), "Passkey")
		wantKind(t, f.Store.ConfirmPasskey(ctx, portal, answer), 0)
		wantProblem(t, f.Store.ConfirmPasskey(ctx, portal, answer), "Passkey")
		_, err := f.Store.SignInWithPasskey(nobody, portal, answer)
		wantKind(t, err, models.Invalid)
		_, err = f.Store.ConfirmPasskeyOptions(f.As(f.Bob), portal)
		wantKind(t, err, models.NotFound)
		c = must[store.Challenge](t)(f.Store.ConfirmPasskeyOptions(ctx, portal))
		device.Verifies = false
		wantProblem(t, f.Store.ConfirmPasskey(ctx, portal, store.Answer{Token: c.Token, Response: device.Use(c.Options)}), "Passkey")
	})
}
