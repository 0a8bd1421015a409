package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// setupLink is the kind of the links that claim a new installation.
const setupLink = "setup"

// setupLinkLife is how long a set-up link works.
const setupLinkLife = 24 * time.Hour

// NeedsSetup reports that no active person is in the team of administrators.
func (s *Store) NeedsSetup(ctx context.Context) (bool, error) {
	needs, err := needsSetup(s.read.WithContext(ctx))
	return needs, s.failure("needs setup", err)
}

func needsSetup(db *gorm.DB) (bool, error) {
	var ids []int64
	err := db.Model(&models.User{}).Joins("JOIN team_members m ON m.user_id = users.id").
		Joins("JOIN teams t ON t.id = m.team_id").Where("t.built_in = ? AND users.is_active AND NOT users.is_service", models.Administrators).
		Limit(1).Pluck("users.id", &ids).Error
	return len(ids) == 0, err
}

// NewSetupLink makes a token that claims the installation within a day. Only
// its digest is stored. Each replica may make its own.
func (s *Store) NewSetupLink(ctx context.Context) (token string, err error) {
	token = models.NewToken()
	err = s.inTx(ctx, "new setup link", func(t *tx) error {
		if err := t.db.Where("kind = ? AND expires_at <= ?", setupLink, t.now).Delete(&oneTimeLink{}).Error; err != nil {
			return err
		}
		return t.db.Create(&oneTimeLink{Digest: s.keyring.LinkDigest(token), Kind: setupLink, ExpiresAt: t.now.Add(setupLinkLife)}).Error
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// SetupLinkValid reports whether the token can still claim the installation.
func (s *Store) SetupLinkValid(ctx context.Context, token string) (bool, error) {
	db := s.read.WithContext(ctx)
	valid, err := s.setupLinkValid(db, token, s.Now())
	if err != nil || !valid {
		return false, s.failure("setup link", err)
	}
	needs, err := needsSetup(db)
	return needs, s.failure("setup link", err)
}

func (s *Store) setupLinkValid(db *gorm.DB, token string, now time.Time) (bool, error) {
	var n int64
	err := db.Model(&oneTimeLink{}).Where("digest = ? AND kind = ? AND used_at IS NULL AND expires_at > ?",
		s.keyring.LinkDigest(token), setupLink, now).Count(&n).Error
	return n > 0, err
}

// ClaimSetup makes the first administrator. Of several claims, whatever their
// tokens, one wins; after it every set-up link is dead.
func (s *Store) ClaimSetup(ctx context.Context, token string, wish models.NewUser) (models.User, error) {
	if valid, err := s.SetupLinkValid(ctx, token); err != nil || !valid {
		return models.User{}, orElse(err, deadLink())
	}
	wish.IsService, wish.Teams = false, nil
	account, err := s.prepareAccount(ctx, wish, true)
	if err != nil {
		return models.User{}, s.failure("claim setup", err)
	}
	var user models.User
	err = s.inTx(ctx, "claim setup", func(t *tx) error {
		admins, err := t.lockAdministrators()
		if err != nil {
			return err
		}
		needs, err := needsSetup(t.db)
		if err != nil || !needs {
			return orElse(err, models.Conflicted("Keyport has been set up already. Sign in, or ask an administrator for an account."))
		}
		if valid, err := s.setupLinkValid(t.db, token, t.now); err != nil || !valid {
			return orElse(err, deadLink())
		}
		if user, err = t.addUser(account.user, admins, nil, "One-time set-up link"); err != nil {
			return err
		}
		return t.killSetupLinks()
	})
	return user, err
}

// EnsureAdministrator makes the first administrator of an unattended
// installation, unless there is one.
func (s *Store) EnsureAdministrator(ctx context.Context, wish models.NewUser) (created bool, err error) {
	if needs, err := s.NeedsSetup(ctx); err != nil || !needs {
		return false, err
	}
	wish.IsService, wish.Teams = false, nil
	account, err := s.prepareAccount(ctx, wish, true)
	if err != nil {
		return false, s.failure("ensure administrator", err)
	}
	err = s.inTx(ctx, "ensure administrator", func(t *tx) error {
		admins, err := t.lockAdministrators()
		if err != nil {
			return err
		}
		needs, err := needsSetup(t.db)
		if created = err == nil && needs; !created {
			return err
		}
		if _, err = t.addUser(account.user, admins, nil, "Configuration"); err != nil {
			return err
		}
		return t.killSetupLinks()
	})
	return created && err == nil, err
}

// lockAdministrators is the gate for whoever makes the first administrator: one
// at a time passes, and sees what the one before did.
func (t *tx) lockAdministrators() ([]models.Team, error) {
	var teams []models.Team
	err := t.db.Clauses(forUpdate).Select("id, permissions, built_in").Where("built_in = ?", models.Administrators).Find(&teams).Error
	return teams, err
}

func (t *tx) killSetupLinks() error {
	return t.db.Model(&oneTimeLink{}).Where("kind = ? AND used_at IS NULL", setupLink).Update("used_at", t.now).Error
}

func deadLink() error {
	return models.Denied("This set-up link is not valid any more. Start Keyport again and use the link it prints.")
}

// orElse returns err, or the refusal when there is none.
func orElse(err, refusal error) error {
	if err != nil {
		return err
	}
	return refusal
}
