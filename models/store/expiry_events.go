package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// expiryBatch bounds a transaction of RaiseExpiryEvents, so that others get their
// turn.
const expiryBatch = 50

// noticeRetry is when a key that could not be dealt with is tried again; until
// then it stands in nobody's way.
const noticeRetry = time.Hour

// apiKeyNotice is a row of api_key_notices.
type apiKeyNotice struct {
	KeyID    string          `gorm:"primaryKey"`
	Category models.Category `gorm:"primaryKey"`
	RaisedAt time.Time
}

// TableName names the table for GORM, which would split the abbreviation.
func (apiKeyNotice) TableName() string { return "api_key_notices" }

// RaiseExpiryEvents raises the events of all keys whose moment has come. It may
// run on several replicas at once: whoever moves a key's next moment on raises
// the event, in the same transaction.
func (s *Store) RaiseExpiryEvents(ctx context.Context) (models.ExpiryRun, error) {
	run := models.ExpiryRun{Events: map[models.Category]int{}}
	for {
		var part models.ExpiryRun
		err := s.inTx(ctx, "raise expiry events", func(t *tx) (err error) {
			part, err = t.raiseDue(expiryBatch)
			return err
		})
		if err != nil && ctx.Err() == nil && models.Refusal(err) == nil {
			part, err = s.raiseOneByOne(ctx)
		}
		if err != nil {
			return run, err
		}
		run.Looked, run.Failed = run.Looked+part.Looked, run.Failed+part.Failed
		for category, n := range part.Events {
			run.Events[category] += n
		}
		if part.Looked < expiryBatch {
			return run, nil
		}
	}
}

// raiseOneByOne deals with a batch of which one key is at fault: that one is put
// off and named in the log, and the others are not held up by it.
func (s *Store) raiseOneByOne(ctx context.Context) (models.ExpiryRun, error) {
	run := models.ExpiryRun{Events: map[models.Category]int{}}
	keys, err := dueKeys(s.read.WithContext(ctx), s.Now(), expiryBatch)
	if err != nil {
		return run, s.failure("raise expiry events", err)
	}
	for _, k := range keys {
		run.Looked++
		var category models.Category
		err := s.inTx(ctx, "raise expiry event", func(t *tx) (err error) {
			category, err = t.tellOf(k, map[int64]models.User{})
			return err
		})
		if err == nil {
			if category != "" {
				run.Events[category]++
			}
			continue
		}
		run.Failed++
		s.log.ErrorContext(ctx, "the event of an API key that ends could not be raised, and will be tried again", "key", k.ID, "cause", err)
		if err := s.putOff(ctx, k); err != nil {
			return run, err
		}
	}
	return run, nil
}

func (s *Store) putOff(ctx context.Context, k models.APIKey) error {
	return s.inTx(ctx, "put off expiry event", func(t *tx) error {
		return t.db.Model(&models.APIKey{}).Where("id = ? AND notice_at = ?", k.ID, k.NoticeAt).Update("notice_at", t.now.Add(noticeRetry)).Error
	})
}

// raiseDue deals with so many keys whose moment has come, the longest overdue
// first; in this order everywhere, so that replicas never wait for each other.
func (t *tx) raiseDue(most int) (models.ExpiryRun, error) {
	run := models.ExpiryRun{Events: map[models.Category]int{}}
	keys, err := dueKeys(t.db, t.now, most)
	if err != nil {
		return run, err
	}
	owners := map[int64]models.User{} // many keys have the same one
	for _, k := range keys {
		category, err := t.tellOf(k, owners)
		if err != nil {
			return run, err
		}
		run.Looked++
		if category != "" {
			run.Events[category]++
		}
	}
	return run, nil
}

func dueKeys(db *gorm.DB, now time.Time, most int) (keys []models.APIKey, err error) {
	err = db.Select(keyColumns+", notice_at").Where("notice_at <= ? AND revoked_at IS NULL", now).Order("notice_at, id").Limit(most).Find(&keys).Error
	return keys, err
}

// tellOf moves a key to its next moment and, if nobody else did, raises the event
// of the one that has come. It returns the event's category, "" without one. owners
// are those that are known.
func (t *tx) tellOf(k models.APIKey, owners map[int64]models.User) (models.Category, error) {
	if k.NoticeAt == nil {
		return "", nil
	}
	category, next := models.DueNotice(k.CreatedAt, k.ExpiresAt, t.now)
	moved := t.db.Model(&models.APIKey{}).Where("id = ? AND notice_at = ? AND revoked_at IS NULL", k.ID, k.NoticeAt).Update("notice_at", next)
	if moved.Error != nil || moved.RowsAffected == 0 || category == "" {
		return "", moved.Error
	}
	told := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&apiKeyNotice{KeyID: k.ID, Category: category, RaisedAt: t.now})
	if told.Error != nil || told.RowsAffected == 0 {
		return "", told.Error
	}
	owner, err := once(owners, k.UserID, func(id int64) (models.User, error) { return findUser(t.db, "users.id = ?", id) })
	if err != nil {
		return "", err
	}
	words := said("API key ").key(k).text(" of ").user(owner).text(expiryWords[category] + models.Instant(k.ExpiresAt))
	return category, t.recordKey(nil, category, k, words)
}

// expiryWords stand before the moment of the end.
var expiryWords = map[models.Category]string{
	models.APIKeyTwentyDayWarning: " expires in 20 days or fewer, at ",
	models.APIKeyTenDayWarning:    " expires in 10 days or fewer, at ",
	models.APIKeyExpired:          " expired at ",
}
