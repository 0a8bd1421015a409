package store

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// A browser keeps a mark for each of the last people who signed in with it,
// the latest first.
const (
	deviceMarks  = 4
	deviceIDSize = 16
	// devicesOfUser bounds the browsers that are known of one user: whoever
	// signs in again and again without keeping cookies fills no table.
	devicesOfUser = 50
)

// deviceMark is what a browser keeps of one user: user, id and a signature, so
// that a made-up mark never reaches the database.
type deviceMark struct {
	userID int64
	id     []byte
	text   string
}

// RememberDevice makes the browser of the call known as one in which the user
// has signed in, and returns what it must keep: "" when it keeps it already.
// A known browser is not slowed down when strangers try the user's name. It
// signs nobody in.
func (s *Store) RememberDevice(ctx context.Context, userID int64) (string, error) {
	known, err := s.knownDevice(ctx, userID)
	if err != nil || known != nil {
		return "", s.failure("remember device", err)
	}
	id := random(deviceIDSize)
	err = s.inTx(ctx, "remember device", func(t *tx) error {
		if err := t.dropOldDevices(userID); err != nil {
			return err
		}
		return t.db.Create(&models.KnownDevice{ID: id, UserID: userID, CreatedAt: t.now, EndsAt: t.now.Add(models.DeviceLife)}).Error
	})
	if err != nil {
		return "", err
	}
	marks := []string{s.deviceText(userID, id)}
	for _, m := range s.deviceMarks(ctx) {
		if m.userID != userID && len(marks) < deviceMarks {
			marks = append(marks, m.text)
		}
	}
	return strings.Join(marks, "."), nil
}

// dropOldDevices makes room for one more.
func (t *tx) dropOldDevices(userID int64) error {
	var old [][]byte
	err := t.db.Model(&models.KnownDevice{}).Where("user_id = ?", userID).Order("created_at DESC, id").
		Offset(devicesOfUser-1).Limit(devicesOfUser).Pluck("id", &old).Error
	if err != nil || len(old) == 0 {
		return err
	}
	return t.db.Where("id IN ?", old).Delete(&models.KnownDevice{}).Error
}

// knownDevice returns the id of the calling browser if it is known as the
// user's, nil otherwise.
func (s *Store) knownDevice(ctx context.Context, userID int64) ([]byte, error) {
	for _, m := range s.deviceMarks(ctx) {
		if m.userID != userID || userID == 0 {
			continue
		}
		var device models.KnownDevice
		err := s.read.WithContext(ctx).Select("id").Where("id = ? AND user_id = ? AND ends_at > ?", m.id, userID, s.Now()).Take(&device).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil, nil // it was forgotten
		}
		return device.ID, err
	}
	return nil, nil
}

func (s *Store) deviceText(userID int64, id []byte) string {
	signed := strconv.FormatInt(userID, 10) + "-" + base64.RawURLEncoding.EncodeToString(id)
	return signed + "-" + base64.RawURLEncoding.EncodeToString(s.keyring.SignDevice(signed))
}

// deviceMarks reads the marks that the browser brought; those that are not ours
// are left out.
func (s *Store) deviceMarks(ctx context.Context) []deviceMark {
	text := models.RequestFrom(ctx).Devices
	if len(text) > 1000 {
		return nil
	}
	var marks []deviceMark
	for i, one := range strings.Split(text, ".") {
		if m, ok := s.parseDevice(one); ok && i < deviceMarks {
			marks = append(marks, m)
		}
	}
	return marks
}

// parseDevice cuts from the front: the id and the signature may hold dashes,
// but have a fixed length.
func (s *Store) parseDevice(text string) (deviceMark, bool) {
	user, rest, _ := strings.Cut(text, "-")
	length := base64.RawURLEncoding.EncodedLen(deviceIDSize)
	if len(rest) < length+1 || rest[length] != '-' {
		return deviceMark{}, false
	}
	userID, numberErr := strconv.ParseInt(user, 10, 64)
	id, idErr := base64.RawURLEncoding.DecodeString(rest[:length])
	signature, signatureErr := base64.RawURLEncoding.DecodeString(rest[length+1:])
	if errors.Join(numberErr, idErr, signatureErr) != nil || !s.keyring.DeviceSigned(user+"-"+rest[:length], signature) {
		return deviceMark{}, false
	}
	return deviceMark{userID, id, text}, true
}

// ForgetMyDevices makes all browsers of the actor strangers again.
func (s *Store) ForgetMyDevices(ctx context.Context) (forgotten int, err error) {
	err = s.inTx(ctx, "forget my devices", func(t *tx) error {
		actor, err := t.sessionOwner()
		if err != nil {
			return err
		}
		done := t.db.Where("user_id = ?", actor.User.ID).Delete(&models.KnownDevice{})
		if forgotten = int(done.RowsAffected); done.Error != nil || forgotten == 0 {
			return done.Error
		}
		return t.recordSignIn(actor, actor.User, "The browsers known of ", " were forgotten")
	})
	return forgotten, err
}

// sessionOwner returns the actor, who must have signed in with a browser: how
// one signs in can't be changed with an API key.
func (t *tx) sessionOwner() (*models.Actor, error) {
	actor, err := t.actor()
	if err != nil {
		return nil, err
	}
	if actor.Via != models.ViaSession {
		return nil, models.Denied("Sign in with the browser to change how you sign in.")
	}
	return actor, nil
}

// recordSignIn notes a change of how a user signs in.
func (t *tx) recordSignIn(actor *models.Actor, user models.User, before, after string) error {
	return t.record(actor, models.Event{
		Category: models.Modified, DocumentType: models.DocumentUsers, DocumentID: user.PublicID(),
	}, said(before).user(user).text(after))
}
