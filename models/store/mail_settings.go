package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// MailSettings returns the mail server that administrators chose, to those who
// may choose it.
func (s *Store) MailSettings(ctx context.Context) (models.MailSettings, error) {
	if !models.ActorFrom(ctx).May(models.ConfigureServer) {
		return models.MailSettings{}, models.Denied("You can't see the mail server. Ask an administrator for the right to configure the server.")
	}
	settings, err := mailSettings(s.read.WithContext(ctx))
	return settings, s.failure("mail settings", err)
}

func mailSettings(db *gorm.DB) (settings models.MailSettings, err error) {
	err = db.Select("id, host, port, encryption, login, password_box, sender, timeout_ms, version").Take(&settings).Error
	return settings, err
}

// OutgoingMail returns the mail server that administrators chose and its
// password, for whoever sends letters: it is read for each of them, so that a
// change counts at once and on all replicas.
func (s *Store) OutgoingMail(ctx context.Context) (settings models.MailSettings, password string, err error) {
	if settings, err = mailSettings(s.read.WithContext(ctx)); err != nil || settings.PasswordBox == nil {
		return settings, "", s.failure("mail settings", err)
	}
	plain, err := s.keyring.Open(settings.PasswordBox, settings.PasswordPlace())
	return settings, string(plain), s.failure("password of the mail server", err)
}

// MailChosen reports whether administrators chose a mail server. Everybody may
// know that.
func (s *Store) MailChosen(ctx context.Context) (bool, error) {
	settings, err := mailSettings(s.read.WithContext(ctx))
	return settings.Chosen(), s.failure("mail settings", err)
}

// SaveMailSettings changes the mail server. wish.Version names the version that
// the actor has seen; if somebody saved since, nothing is changed.
func (s *Store) SaveMailSettings(ctx context.Context, wish models.MailWish) (models.MailSettings, error) {
	var saved models.MailSettings
	err := s.inTx(ctx, "save mail settings", func(t *tx) error {
		stored, err := mailSettings(t.db.Clauses(forUpdate))
		if err != nil {
			return err
		}
		actor, err := t.actor()
		if err == nil {
			err = models.MayChangeSettings(actor, wish.Version, stored.Version)
		}
		if err != nil {
			return err
		}
		checked, problems := wish.Check(stored)
		if err := refusalOf(problems); err != nil {
			return err
		}
		saved, err = t.saveMail(actor, stored, checked)
		return err
	})
	if err != nil {
		return models.MailSettings{}, err
	}
	return saved, nil
}

func (t *tx) saveMail(actor *models.Actor, stored models.MailSettings, wish models.MailWish) (models.MailSettings, error) {
	saved := models.MailSettings{ID: stored.ID, Host: wish.Host, Port: wish.Port, Encryption: wish.Encryption, Login: wish.Login,
		PasswordBox: stored.PasswordBox, Sender: wish.Sender, TimeoutMS: stored.TimeoutMS, Version: stored.Version + 1}
	if wish.TimeoutMS != nil {
		saved.TimeoutMS = *wish.TimeoutMS
	}
	if wish.Password != nil {
		saved.PasswordBox = nil
		if *wish.Password != "" {
			saved.PasswordBox = t.store.keyring.Lock([]byte(*wish.Password), saved.PasswordPlace())
		}
	}
	changes := stored.Differences(saved)
	if len(changes) == 0 {
		return stored, nil
	}
	err := t.db.Model(&models.MailSettings{}).Where("id = ?", stored.ID).Updates(map[string]any{
		"host": saved.Host, "port": saved.Port, "encryption": saved.Encryption, "login": saved.Login,
		"password_box": saved.PasswordBox, "sender": saved.Sender, "timeout_ms": saved.TimeoutMS, "version": saved.Version,
	}).Error
	if err != nil {
		return saved, err
	}
	return saved, t.record(actor, models.Event{
		Category: models.Modified, DocumentType: models.DocumentConfiguration, DocumentID: models.MailSettingsID, Differences: changes,
	}, new(message).document("Mail settings", models.MailSettingsID).text(" were changed"))
}

// RecordMailTrial records that somebody sent a letter to find out whether the
// mail server takes it, and how that went.
func (s *Store) RecordMailTrial(ctx context.Context, to string, trial models.MailTrial) error {
	return s.inTx(ctx, "record test mail", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		words := said("A test mail to ").text(to+" was taken by the ").document("mail server", models.MailSettingsID)
		if !trial.Taken {
			words = said("A test mail to ").text(to+" did not go out by the ").document("mail server", models.MailSettingsID).text(": " + trial.Problem)
		}
		return t.record(actor, models.Event{Category: models.MailTestedEvent, DocumentType: models.DocumentConfiguration, DocumentID: models.MailSettingsID}, words)
	})
}
