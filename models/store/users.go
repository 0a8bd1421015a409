package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// userColumns are those that a user is read with: all but the password.
var userColumns = `users.id, users.username, users.username_fold, users.display_name, users.email, users.is_service,
	users.is_active, users.time_zone, users.created_at, users.owner_team_id, users.version, ` +
	permissionsOf("users.id") + ` AS permissions, ` + caretakes("users.id") + ` AS caretakes`

// permissionsOf writes the union of the permissions of a user's teams and of
// the team of everybody. SQLite has no aggregate for the union of bits, so each
// bit is asked for; the same text serves both databases.
func permissionsOf(userID string) string {
	var bits []string
	for i := range models.Permissions {
		bits = append(bits, "COALESCE(MAX(t.permissions & "+strconv.Itoa(1<<i)+"), 0)")
	}
	return "(SELECT " + strings.Join(bits, " + ") + ` FROM teams t WHERE t.built_in = 'everyone'
		OR t.id IN (SELECT m.team_id FROM team_members m WHERE m.user_id = ` + userID + "))"
}

// findUser returns one user with the permissions of their teams.
func findUser(db *gorm.DB, where string, value any) (models.User, error) {
	var u models.User
	err := db.Model(&u).Select(userColumns).Where(where, value).Take(&u).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.User{}, models.Missing("user")
	}
	return u, err
}

// User returns a user to the user, to those who may see users, and to members
// of the team that owns the account. To others there is no such user.
func (s *Store) User(ctx context.Context, id int64) (models.User, error) {
	db := s.read.WithContext(ctx)
	if err := maySeeKeysOf(db, id, models.ActorFrom(ctx)); err != nil {
		return models.User{}, s.failure("user", err)
	}
	u, err := findUser(db, "users.id = ?", id)
	return u, s.failure("user", err)
}

// UserByName returns the user of a name, in any case of letters, under the same
// terms as User.
func (s *Store) UserByName(ctx context.Context, name string) (models.User, error) {
	if !storable(name) {
		return models.User{}, models.Missing("user")
	}
	db := s.read.WithContext(ctx)
	u, err := findUser(db, "users.username_fold = ?", models.Fold(name))
	if err == nil {
		err = maySeeKeysOf(db, u.ID, models.ActorFrom(ctx))
	}
	if err != nil {
		return models.User{}, s.failure("user by name", err)
	}
	return u, nil
}

// SetTimeZone changes the actor's time zone; "" follows the browser.
func (s *Store) SetTimeZone(ctx context.Context, zone string) error {
	if _, known := models.ParseZone(zone); zone != "" && !known {
		return models.InvalidField("TimeZone", "This time zone is not known. Choose one from the list.")
	}
	return s.inTx(ctx, "set time zone", func(t *tx) error {
		actor, err := t.actor()
		if err != nil || actor.User.TimeZone == zone {
			return err
		}
		if err := t.db.Model(&models.User{}).Where("id = ?", actor.User.ID).Update("time_zone", zone).Error; err != nil {
			return err
		}
		return t.record(actor, models.Event{
			Category: models.Modified, DocumentType: models.DocumentUsers, DocumentID: actor.User.PublicID(),
			Differences: []models.Difference{{Path: "TimeZone", Before: actor.User.TimeZone, After: zone}},
		}, said("The time zone of ").user(actor.User).text(" was changed"))
	})
}

// teamMember puts a user into a team.
type teamMember struct {
	TeamID int64 `gorm:"primaryKey;autoIncrement:false"`
	UserID int64 `gorm:"primaryKey;autoIncrement:false"`
}

// oneTimeLink is a link that works once, known by its digest only.
type oneTimeLink struct {
	Digest    []byte `gorm:"primaryKey"`
	Kind      string
	UserID    *int64
	ExpiresAt time.Time
	UsedAt    *time.Time
	MailedAt  *time.Time // when it was mailed to a person who asked for it
}
