package store_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

const mailPassword = "a kettle under 7 moons"

func mailWish(version int64) models.MailWish {
	password := mailPassword
	return models.MailWish{Version: version, Host: "smtp.example.com", Port: 587, Encryption: models.MailSTARTTLS, Login: "keyport", Password: &password, Sender: "Keyport <keys@example.com>"}
}

func TestMailSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		initial, err := f.Store.MailSettings(admin)
		if err != nil || initial.Chosen() || initial.Port != 587 || initial.Encryption != models.MailSTARTTLS {
			t.Fatalf("as installed: got %+v, %v", initial, err)
		}
		saved, err := f.Store.SaveMailSettings(admin, mailWish(initial.Version))
		if err != nil {
			t.Fatal(err)
		}
		stored, password, err := f.Store.OutgoingMail(t.Context())
		if err != nil || password != mailPassword || stored.Host != "smtp.example.com" || stored.Sender != "Keyport <keys@example.com>" {
			t.Fatalf("got %+v with %q, %v", stored, password, err)
		}
		if bytes.Contains(stored.PasswordBox, []byte(mailPassword)) {
			t.Error("the password is stored in the clear")
		}
		events := f.Events()
		told, err := json.Marshal(events[len(events)-1])
		if err != nil || strings.Contains(string(told), mailPassword) || !strings.Contains(string(told), "********") || events[len(events)-1].DocumentID != models.MailSettingsID {
			t.Errorf("event = %s, %v", told, err)
		}

		kept := saved.Wish()
		kept.Sender = "keys@example.com"
		if saved, err = f.Store.SaveMailSettings(admin, kept); err != nil {
			t.Fatal(err)
		}
		if _, password, err = f.Store.OutgoingMail(t.Context()); err != nil || password != mailPassword {
			t.Errorf("without a new password the stored one became %q, %v", password, err)
		}
		n := len(f.Events())
		if same, err := f.Store.SaveMailSettings(admin, saved.Wish()); err != nil || same.Version != saved.Version || len(f.Events()) != n {
			t.Errorf("saving the same made version %d and %d events, %v", same.Version, len(f.Events())-n, err)
		}

		none, err := f.Store.SaveMailSettings(admin, models.MailWish{Version: saved.Version})
		if err != nil || none.Chosen() || none.PasswordBox != nil || none.Login != "" {
			t.Errorf("without a host: got %+v, %v", none, err)
		}
		if chosen, err := f.Store.MailChosen(t.Context()); chosen || err != nil {
			t.Errorf("chosen = %v, %v", chosen, err)
		}
	})
}

func TestMailSettingsRefuse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		saved, err := f.Store.SaveMailSettings(admin, mailWish(1))
		if err != nil {
			t.Fatal(err)
		}
		n := len(f.Events())
		elsewhere := saved.Wish()
		elsewhere.Host = "smtp.example.net"
		if _, err := f.Store.SaveMailSettings(admin, elsewhere); models.Refusal(err).Problem("SmtpPassword") == "" {
			t.Errorf("another server: got %v, want the password asked for again", err)
		}
		if _, err := f.Store.SaveMailSettings(admin, mailWish(1)); models.KindOf(err) != models.Conflict {
			t.Errorf("an old version: got %v", err)
		}
		if _, err := f.Store.SaveMailSettings(f.As(f.Alice), saved.Wish()); models.KindOf(err) != models.Forbidden {
			t.Errorf("Alice: got %v", err)
		}
		if _, err := f.Store.MailSettings(f.As(f.Alice)); models.KindOf(err) != models.Forbidden {
			t.Errorf("Alice reads: got %v", err)
		}
		if len(f.Events()) != n {
			t.Errorf("refusals left %d events", len(f.Events())-n)
		}
	})
}

// The password opens with the master key it was locked with, and in no other row.
func TestMailPasswordIsBound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		if _, err := f.Store.SaveMailSettings(f.As(f.Admin), mailWish(1)); err != nil {
			t.Fatal(err)
		}
		rotated := f.Reopen(9, 1)
		if _, password, err := rotated.OutgoingMail(t.Context()); err != nil || password != mailPassword {
			t.Errorf("after a new master key: got %q, %v", password, err)
		}
		f.Exec("UPDATE mail_settings SET password_box = ?", storetest.Keyring(t, 1).Lock([]byte("planted"), models.RowPlace("subscriptions", "secret_box", 1)))
		if _, password, err := f.Store.OutgoingMail(t.Context()); err == nil || password != "" {
			t.Errorf("a moved text opened as %q", password)
		}
	})
}
