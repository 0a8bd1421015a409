package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

const sessionColumns = "digest, user_id, created_at, seen_at, ends_at, signed_in_at, address, user_agent, flash"

// live is the condition under which a session counts; see Session.Live.
const live = "ends_at > ? AND seen_at > ?"

// idleSince is the latest sign of life with which a session is over.
func idleSince(now time.Time) time.Time { return now.Add(-models.SessionIdle) }

var errSessionDigest = errors.New("start session: the digest is not one of SHA-256")

// StartSession stores a session of an active user. Times that are left empty
// are filled in. Sessions of the user that are over are removed on the way.
func (s *Store) StartSession(ctx context.Context, session models.Session) error {
	if len(session.Digest) != sha256.Size {
		return errSessionDigest // a short one could be guessed
	}
	return s.inTx(ctx, "start session", func(t *tx) error {
		user, err := t.lockUser(session.UserID)
		if models.KindOf(err) == models.NotFound || err == nil && !user.IsActive {
			return models.Unauthorized()
		}
		if err != nil {
			return err
		}
		row := session
		t.fill(&row)
		err = t.db.Where("user_id = ? AND NOT ("+live+")", user.ID, t.now, idleSince(t.now)).Delete(&models.Session{}).Error
		if err != nil {
			return err
		}
		if err := t.db.Create(&row).Error; err != nil {
			return err
		}
		return markSeen(t.db, user.ID, t.now)
	})
}

func (t *tx) fill(row *models.Session) {
	for _, at := range []*time.Time{&row.CreatedAt, &row.SeenAt, &row.SignedInAt} {
		if at.IsZero() {
			*at = t.now
		}
		*at = utc(*at)
	}
	if row.EndsAt.IsZero() {
		row.EndsAt = row.CreatedAt.Add(models.SessionAbsolute)
	}
	row.EndsAt = utc(row.EndsAt)
	row.Address, row.UserAgent, row.Flash = fact(row.Address), fact(row.UserAgent), fact(row.Flash)
}

// Session returns a live session and its user, if the user is active.
func (s *Store) Session(ctx context.Context, digest []byte) (models.Session, models.User, error) {
	db, now := s.read.WithContext(ctx), s.Now()
	var session models.Session
	err := db.Select(sessionColumns).Where("digest = ? AND "+live, digest, now, idleSince(now)).Take(&session).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Session{}, models.User{}, models.Unauthorized()
	}
	if err != nil {
		return models.Session{}, models.User{}, s.failure("session", err)
	}
	user, err := findUser(db, "users.id = ?", session.UserID)
	if models.KindOf(err) == models.NotFound || err == nil && !user.IsActive {
		return models.Session{}, models.User{}, models.Unauthorized()
	}
	if err != nil {
		return models.Session{}, models.User{}, s.failure("session", err)
	}
	return session, user, nil
}

// TouchSession notes that a live session and its user are there, at most once a
// minute.
func (s *Store) TouchSession(ctx context.Context, digest []byte) error {
	db, now := s.write.WithContext(ctx), s.Now()
	touched := db.Model(&models.Session{}).
		Where("digest = ? AND seen_at <= ? AND "+live, digest, now.Add(-models.SessionSeen), now, idleSince(now)).
		Update("seen_at", now)
	if touched.Error != nil || touched.RowsAffected == 0 {
		return s.failure("touch session", touched.Error)
	}
	var users []int64
	err := db.Model(&models.Session{}).Where("digest = ?", digest).Pluck("user_id", &users).Error
	if err == nil && len(users) > 0 {
		err = markSeen(db, users[0], now)
	}
	return s.failure("touch session", err)
}

// SetFlash leaves a notice for the next page of the session.
func (s *Store) SetFlash(ctx context.Context, digest []byte, flash string) error {
	err := s.write.WithContext(ctx).Model(&models.Session{}).Where("digest = ?", digest).Update("flash", fact(flash)).Error
	return s.failure("set flash", err)
}

// TakeFlash returns the notice and clears it: of several callers one gets it.
func (s *Store) TakeFlash(ctx context.Context, digest []byte) (string, error) {
	var flash []string
	err := s.read.WithContext(ctx).Model(&models.Session{}).Where("digest = ? AND flash <> ''", digest).Pluck("flash", &flash).Error
	if err != nil || len(flash) == 0 {
		return "", s.failure("take flash", err)
	}
	cleared := s.write.WithContext(ctx).Model(&models.Session{}).Where("digest = ? AND flash = ?", digest, flash[0]).Update("flash", "")
	if cleared.Error != nil || cleared.RowsAffected == 0 {
		return "", s.failure("take flash", cleared.Error)
	}
	return flash[0], nil
}

// EndSession signs a browser out.
func (s *Store) EndSession(ctx context.Context, digest []byte) error {
	err := s.write.WithContext(ctx).Where("digest = ?", digest).Delete(&models.Session{}).Error
	return s.failure("end session", err)
}

// SessionsOf returns the actor's live sessions, the one last seen first.
func (s *Store) SessionsOf(ctx context.Context) ([]models.Session, error) {
	actor := models.ActorFrom(ctx)
	if actor == nil {
		return nil, models.Unauthorized()
	}
	now := s.Now()
	var sessions []models.Session
	err := s.read.WithContext(ctx).Select(sessionColumns).Where("user_id = ? AND "+live, actor.User.ID, now, idleSince(now)).
		Order("seen_at DESC, digest").Find(&sessions).Error
	return sessions, s.failure("sessions", err)
}

// EndMySession ends one of the actor's sessions.
func (s *Store) EndMySession(ctx context.Context, digest []byte) error {
	return s.inTx(ctx, "end my session", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		ended := t.db.Where("digest = ? AND user_id = ?", digest, actor.User.ID).Delete(&models.Session{})
		if ended.Error != nil {
			return ended.Error
		}
		if ended.RowsAffected == 0 {
			return models.Missing("session")
		}
		return t.recordSessionsEnded(actor)
	})
}

// EndMyOtherSessions ends all sessions of the actor but the one of the call.
func (s *Store) EndMyOtherSessions(ctx context.Context) (ended int, err error) {
	err = s.inTx(ctx, "end my other sessions", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		if ended, err = t.endOthers(actor); err != nil || ended == 0 {
			return err
		}
		return t.recordSessionsEnded(actor)
	})
	return ended, err
}

func (t *tx) endOthers(actor *models.Actor) (int, error) {
	ended := t.db.Where("user_id = ? AND digest <> ?", actor.User.ID, append([]byte{}, actor.SessionDigest...)).Delete(&models.Session{})
	return int(ended.RowsAffected), ended.Error
}

func (t *tx) recordSessionsEnded(actor *models.Actor) error {
	return t.record(actor, models.Event{
		Category: models.Modified, DocumentType: models.DocumentUsers, DocumentID: actor.User.PublicID(),
	}, said("Sessions of ").user(actor.User).text(" were ended"))
}
