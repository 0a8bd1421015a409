package store_test

import (
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// An old master key can retire: what was locked with it is locked with the new
// one when Keyport starts with both.
func TestLockedSecretsMoveToANewMasterKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin, password := f.As(f.Admin), "s e/c:r@t"
		settings := must[models.MailSettings](t)(f.Store.MailSettings(admin))
		must[models.MailSettings](t)(f.Store.SaveMailSettings(admin, models.MailWish{Version: settings.Version, Host: "smtp.example.com", Port: 587,
			Encryption: models.MailSTARTTLS, Login: "keyport", Password: &password, Sender: "keys@example.com"}))
		f.Exec("UPDATE subscriptions SET secret_box = ? WHERE id = 1", storetest.Keyring(t, 1).Lock([]byte("signs"), models.RowPlace("subscriptions", "secret_box", 1)))

		if err := f.Reopen(2, 1).CheckKeyring(nobody); err != nil {
			t.Fatal(err)
		}
		after := f.Reopen(2)
		if _, got, err := after.OutgoingMail(nobody); err != nil || got != password {
			t.Errorf("the password of the mail server under the new key alone: %v", err)
		}
		var box []byte
		if err := storetest.SQL(t, f.URL).QueryRow("SELECT secret_box FROM subscriptions WHERE id = 1").Scan(&box); err != nil {
			t.Fatal(err)
		}
		if got, err := storetest.Keyring(t, 2).Open(box, models.RowPlace("subscriptions", "secret_box", 1)); err != nil || string(got) != "signs" {
			t.Errorf("the secret of the webhook under the new key alone: %v", err)
		}
	})
}
