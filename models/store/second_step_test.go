package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// withApp gives a user an authenticator app and returns its secret and the
// recovery codes.
func withApp(t *testing.T, f *storetest.Fixture, user models.User) (secret []byte, recovery []string) {
	t.Helper()
	ctx := f.As(user)
	wantKind(t, f.Store.StartTOTP(ctx), 0)
	secret = must[[]byte](t)(f.Store.PendingTOTP(ctx))
	recovery = must[[]string](t)(f.Store.ConfirmTOTP(ctx, codeNow(f, secret)))
	f.Clock.Advance(time.Minute) // that code is used
	return secret, recovery
}

func codeNow(f *storetest.Fixture, secret []byte) string {
	return models.TOTPCode(secret, models.TOTPStepAt(f.Clock.Now()))
}

// firstStep enters the right password and returns the ticket.
func firstStep(t *testing.T, s *store.Store, ctx context.Context, name string) string {
	t.Helper()
	user, err := s.SignIn(ctx, name, storetest.Password)
	var step *store.SecondStep
	if !errors.As(err, &step) || user.ID != 0 {
		t.Fatalf("sign in: %+v, %v, want a second step", user, err)
	}
	return step.Ticket
}

func TestAppSetup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		_, err := f.Store.ConfirmTOTP(ctx, "123456")
		wantKind(t, err, models.Conflict)
		wantKind(t, f.Store.StartTOTP(ctx), 0)
		first := must[[]byte](t)(f.Store.PendingTOTP(ctx))
		wantKind(t, signsIn(t, f.Store, nobody, "alice"), 0) // nothing has changed yet
		wantKind(t, f.Store.StartTOTP(ctx), 0)
		secret := must[[]byte](t)(f.Store.PendingTOTP(ctx))
		if string(first) == string(secret) || len(secret) != models.TOTPSecretSize {
			t.Errorf("secrets = %x and %x, want a new one of %d bytes", first, secret, models.TOTPSecretSize)
		}
		if strings.Contains(dump(t, f), string(secret)) {
			t.Error("the secret is stored in clear")
		}
		_, err = f.Store.ConfirmTOTP(ctx, "000000")
		wantProblem(t, err, "Code")
		var codes []string
		events := newEvents(t, f, func() { codes = must[[]string](t)(f.Store.ConfirmTOTP(ctx, codeNow(f, secret))) })
		if len(codes) != models.RecoveryCodes || len(events) != 1 || events[0].Message != "An authenticator app of alice was added" {
			t.Errorf("codes = %d, events = %+v", len(codes), events)
		}
		stored := dump(t, f)
		for _, code := range codes {
			if strings.Contains(stored, code) || strings.Contains(stored, strings.ReplaceAll(code, "-", "")) {
				t.Error("a recovery code is stored in clear")
			}
		}
		wantKind(t, f.Store.StartTOTP(ctx), models.Conflict)
		if pending := must[[]byte](t)(f.Store.PendingTOTP(ctx)); pending != nil {
			t.Error("the secret can be seen after it was confirmed")
		}
		means := must[models.SignInMeans](t)(f.Store.MySignInMeans(ctx))
		if means.App == nil || !means.Password || means.RecoveryCodes != models.RecoveryCodes || !means.SecondFactor() {
			t.Errorf("means = %+v", means)
		}
		events = newEvents(t, f, func() { wantKind(t, f.Store.RemoveTOTP(ctx), 0) })
		if len(events) != 1 || events[0].Message != "The authenticator app of alice was removed" {
			t.Errorf("events = %+v", events)
		}
		wantKind(t, signsIn(t, f.Store, nobody, "alice"), 0)
		if n := f.Count("SELECT count(*) FROM recovery_codes"); n != 0 {
			t.Errorf("%d recovery codes are left that stand in for nothing", n)
		}

		// How one signs in is changed in the browser only.
		_, key := f.Issue(f.Alice, models.NewKey{})
		for name, refused := range map[string]context.Context{"nobody": nobody, "key": f.AsKey(key), "console": storetest.Console()} {
			if err := f.Store.StartTOTP(refused); models.KindOf(err) != models.Forbidden && models.KindOf(err) != models.Unauthenticated {
				t.Errorf("%s: error = %v", name, err)
			}
		}
	})
}

func TestSecondStepByApp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		secret, _ := withApp(t, f, f.Alice)
		var ticket string
		if events := newEvents(t, f, func() { ticket = firstStep(t, f.Store, nobody, "alice") }); len(events) != 0 {
			t.Errorf("events after the first step = %+v, want none", events)
		}
		means := must[models.SignInMeans](t)(f.Store.SecondStepMeans(nobody, ticket))
		if means.App == nil || len(means.Passkeys) != 0 {
			t.Errorf("means = %+v", means)
		}
		events := newEvents(t, f, func() {
			_, err := f.Store.FinishWithCode(nobody, ticket, "000000")
			wantProblem(t, err, "Code")
		})
		if len(events) != 1 || events[0].Category != models.LoginFailed || events[0].Message != "Sign-in as alice failed at the second step" {
			t.Errorf("events = %+v", events)
		}
		code := codeNow(f, secret)
		events = newEvents(t, f, func() {
			if got := must[models.User](t)(f.Store.FinishWithCode(nobody, ticket, code)); got.ID != f.Alice.ID {
				t.Errorf("user = %+v", got)
			}
		})
		if len(events) != 1 || events[0].Category != models.LoginSucceeded || events[0].IdentifiedBy != "Password and authenticator app" {
			t.Errorf("events = %+v", events)
		}
		_, err := f.Store.FinishWithCode(nobody, ticket, code)
		wantProblem(t, err, "Code") // it works once

		// Of many who have the same code, one gets in.
		f.Clock.Advance(time.Minute)
		ticket = firstStep(t, f.Store, nobody, "alice")
		code = codeNow(f, secret)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 5 {
			wg.Go(func() {
				if _, err := f.Store.FinishWithCode(from("10.0.0.1", ""), ticket, code); err == nil {
					mu.Lock()
					defer mu.Unlock()
					won++
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d sign-ins by one code, want 1", won)
		}
	})
}

func TestSecondStepByRecoveryCode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, codes := withApp(t, f, f.Alice)
		_, bobs := withApp(t, f, f.Bob)
		ticket := firstStep(t, f.Store, nobody, "alice")
		for _, wrong := range []string{bobs[0], "AAAA-BBBB-CCCC", ""} {
			_, err := f.Store.FinishWithCode(nobody, ticket, wrong)
			wantProblem(t, err, "Code")
		}
		events := newEvents(t, f, func() {
			must[models.User](t)(f.Store.FinishWithCode(nobody, ticket, strings.ToLower(codes[3])))
		})
		if len(events) != 1 || events[0].IdentifiedBy != "Password and recovery code" {
			t.Errorf("events = %+v", events)
		}
		_, err := f.Store.FinishWithCode(nobody, ticket, codes[3])
		wantProblem(t, err, "Code")
		if means := must[models.SignInMeans](t)(f.Store.SecondStepMeans(nobody, ticket)); means.RecoveryCodes != models.RecoveryCodes-1 {
			t.Errorf("codes left = %d", means.RecoveryCodes)
		}
		fresh := must[[]string](t)(f.Store.RenewRecoveryCodes(f.As(f.Alice)))
		_, err = f.Store.FinishWithCode(nobody, ticket, codes[4])
		wantProblem(t, err, "Code")
		must[models.User](t)(f.Store.FinishWithCode(nobody, ticket, fresh[0]))
		_, err = f.Store.RenewRecoveryCodes(f.As(f.Charlie))
		wantKind(t, err, models.Conflict)
	})
}

// A ticket is of one user, for ten minutes, until the password changes or the
// user is switched off.
func TestTicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		secret, _ := withApp(t, f, f.Alice)
		ticket := firstStep(t, f.Store, nobody, "alice")
		refused := func(name, ticket string) {
			t.Helper()
			_, err := f.Store.FinishWithCode(nobody, ticket, codeNow(f, secret))
			if models.KindOf(err) != models.Unauthenticated {
				t.Errorf("%s: error = %v, want to start again", name, err)
			}
		}
		for name, bad := range map[string]string{"none": "", "text": "x", "cut": ticket[:len(ticket)-2], "changed": "A" + ticket[1:], "a form": must[string](t)(f.Store.KeepForm(f.As(f.Alice), "/x", nil))} {
			refused(name, bad)
		}
		for name, change := range map[string][2]string{
			"switched off":     {"UPDATE users SET is_active = NOT is_active WHERE username = 'alice'", "UPDATE users SET is_active = NOT is_active WHERE username = 'alice'"},
			"password changed": {"UPDATE users SET password_hash = '" + f.Store.DummyHash() + "' WHERE username = 'alice'", "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE username = 'bob') WHERE username = 'alice'"},
		} {
			f.Exec(change[0])
			refused(name, ticket)
			f.Exec(change[1])
			ticket = firstStep(t, f.Store, nobody, "alice")
		}
		f.Clock.Advance(10 * time.Minute)
		refused("late", ticket)
		must[models.User](t)(f.Store.FinishWithCode(nobody, firstStep(t, f.Store, nobody, "alice"), codeNow(f, secret)))
	})
}

// Codes can't be guessed: the second step is slowed down as the first is.
func TestSecondStepIsSlowedDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		secret, _ := withApp(t, f, f.Alice)
		ctx := from("192.0.2.1", "")
		ticket := firstStep(t, f.Store, ctx, "alice")
		judged := 0
		for range 30 {
			_, err := f.Store.FinishWithCode(ctx, ticket, "000000")
			if models.KindOf(err) == models.Invalid {
				judged++
			} else {
				wantKind(t, err, models.TooMany)
			}
		}
		if judged != models.ThrottlePair.Free {
			t.Errorf("%d codes were looked at, want %d", judged, models.ThrottlePair.Free)
		}
		_, err := f.Store.FinishWithCode(ctx, ticket, codeNow(f, secret))
		wantKind(t, err, models.TooMany)
		ticket = firstStep(t, f.Store, ctx, "alice") // the password is counted apart
		f.Clock.Advance(time.Second)
		must[models.User](t)(f.Store.FinishWithCode(ctx, ticket, codeNow(f, secret)))
	})
}

func TestRemoveSecondFactor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		withApp(t, f, f.Alice)
		withApp(t, f, f.Admin)
		for name, tt := range map[string]struct {
			ctx  context.Context
			id   int64
			want models.Kind
		}{
			"nobody":              {nobody, f.Alice.ID, models.Unauthenticated},
			"a stranger":          {f.As(f.Bob), f.Alice.ID, models.Forbidden},
			"a stranger, no user": {f.As(f.Bob), 4711, models.Forbidden},
			"no user":             {f.As(f.Admin), 4711, models.NotFound},
			"nothing to remove":   {f.As(f.Admin), f.Bob.ID, 0},
		} {
			events := newEvents(t, f, func() {
				err := f.Store.RemoveSecondFactor(tt.ctx, tt.id)
				if (err == nil) != (tt.want == 0) || err != nil && models.KindOf(err) != tt.want {
					t.Errorf("%s: error = %v, want kind %d", name, err, tt.want)
				}
			})
			if len(events) != 0 {
				t.Errorf("%s: events = %+v", name, events)
			}
		}
		if has := must[bool](t)(f.Store.HasSecondFactor(f.As(f.Admin), f.Alice.ID)); !has {
			t.Error("the second factor is not seen")
		}
		events := newEvents(t, f, func() { wantKind(t, f.Store.RemoveSecondFactor(f.As(f.Admin), f.Alice.ID), 0) })
		if len(events) != 1 || events[0].Username != "admin" || events[0].DocumentID != f.Alice.PublicID() || events[0].Message != "The second step of the sign-in of alice was removed" {
			t.Errorf("events = %+v", events)
		}
		wantKind(t, signsIn(t, f.Store, nobody, "alice"), 0)
		if note := must[string](t)(f.Store.TakeSignInNote(nobody, f.Alice.ID)); note != store.NoteSecondFactorRemoved {
			t.Errorf("note = %q", note)
		}
		if note := must[string](t)(f.Store.TakeSignInNote(nobody, f.Alice.ID)); note != "" {
			t.Errorf("the note is given twice: %q", note)
		}
		_, err := f.Store.HasSecondFactor(f.As(f.Bob), f.Alice.ID)
		wantKind(t, err, models.NotFound)
	})
}

// Secrets move to the newest master key, and are not lost to a missing one.
func TestSecretsAndMasterKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		secret, _ := withApp(t, f, f.Alice)
		var refusal *store.OpenError
		if err := f.Reopen(2).CheckKeyring(nobody); !errors.As(err, &refusal) || !strings.Contains(refusal.Message, "wrong master key") {
			t.Errorf("error = %v, want the wrong master key", err)
		}
		wantKind(t, f.Reopen(2, 1).CheckKeyring(nobody), 0)
		newest := f.Reopen(2)
		wantKind(t, newest.CheckKeyring(nobody), 0)
		must[models.User](t)(newest.FinishWithCode(nobody, firstStep(t, newest, nobody, "alice"), codeNow(f, secret)))
		f.Exec("UPDATE totp_secrets SET user_id = ? WHERE user_id = ?", f.Bob.ID, f.Alice.ID)
		f.Clock.Advance(time.Minute)
		_, err := newest.FinishWithCode(nobody, firstStep(t, newest, nobody, "bob"), codeNow(f, secret))
		if err == nil {
			t.Error("a secret that was moved to another user opens")
		}
	})
}
