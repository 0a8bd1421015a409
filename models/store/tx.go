package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// tx is one transaction that writes. Its time stands still, so that a key, its
// event and its limits agree.
type tx struct {
	store *Store
	db    *gorm.DB
	now   time.Time

	events   []models.Event               // what happened, to be appended to the trail at the end
	appended func(e []models.Event) error // what else to do once the events have their ids, nil for nothing

	everybody bool // the change is of everybody's keys: the triggers are not asked, which may be those of an older schema
}

// maxAttempts bounds how often a transaction is run again after PostgreSQL
// ended it in favour of another one.
const maxAttempts = 5

// inTx runs fn in one transaction and commits if it returns nil. fn may run
// several times and must not leave traces outside of the transaction. The events
// that it recorded are written last: they wait for the head of the chain, which
// others hold until they commit, and whoever has that waits for nothing else.
func (s *Store) inTx(ctx context.Context, operation string, fn func(t *tx) error) error {
	inherited := ctx
	for attempt := 1; ; attempt++ {
		ctx, changes := withKeyChanges(inherited)
		var happened []models.Event
		err := s.write.WithContext(ctx).Transaction(func(db *gorm.DB) error {
			t := &tx{store: s, db: db, now: s.Now()}
			if err := fn(t); err != nil {
				return err
			}
			happened = t.events
			if err := t.appendEvents(); err != nil {
				return err
			}
			return t.askTriggers(changes)
		})
		s.forgetChanged(changes, err)
		if err == nil && len(happened) > 0 {
			s.activity.happened(happened)
			s.wake()
		}
		if attempt == maxAttempts || !lostRace(err) {
			return s.failure(operation, err)
		}
		select {
		case <-ctx.Done():
			return s.failure(operation, ctx.Err())
		case <-time.After(time.Duration(attempt) * rand.N(10*time.Millisecond)):
		}
	}
}

// lostRace reports that PostgreSQL gave way to another transaction: a deadlock
// or a serialization failure.
func lostRace(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "40001" || refused.Code == "40P01")
}

// Row locks, until the end of the transaction. SQLite needs none. Sharing
// keeps a row as it is while others may do the same; updating is alone, but
// for those who refer to the row when its key stays.
var (
	forShare       = clause.Locking{Strength: "SHARE"}
	forUpdate      = clause.Locking{Strength: "UPDATE"}
	forNoKeyUpdate = clause.Locking{Strength: "NO KEY UPDATE"}
)

// lockUser keeps a user's row as it is until the end of the transaction, and
// then reads the user: in this order, so that what is read can't be older than
// the lock.
func (t *tx) lockUser(id int64) (models.User, error) {
	var locked []int64
	err := t.db.Model(&models.User{}).Clauses(forShare).Where("id = ?", id).Pluck("id", &locked).Error
	if err != nil {
		return models.User{}, err
	}
	if len(locked) == 0 {
		return models.User{}, models.Missing("user")
	}
	return findUser(t.db, "users.id = ?", id)
}

// actor returns who is asking, as the database knows them now: the context's
// actor was recognised before this transaction, and may have been switched
// off, signed out or revoked since.
func (t *tx) actor() (*models.Actor, error) {
	stale := models.ActorFrom(t.db.Statement.Context)
	if stale == nil {
		return nil, models.Unauthorized()
	}
	if stale.Via == models.ViaConsole {
		return stale, nil
	}
	user, err := t.lockUser(stale.User.ID)
	if models.KindOf(err) == models.NotFound || err == nil && !user.IsActive {
		return nil, models.Unauthorized()
	}
	if err != nil {
		return nil, err
	}
	fresh := *stale
	fresh.User = user
	switch stale.Via {
	case models.ViaKey:
		return t.keyActor(&fresh)
	case models.ViaToken:
		return t.tokenActor(&fresh)
	}
	return t.sessionActor(&fresh)
}

// keyActor checks the key of the call and takes its facts from the database.
func (t *tx) keyActor(a *models.Actor) (*models.Actor, error) {
	if a.Key == nil {
		return nil, models.Unauthorized()
	}
	var key models.APIKey
	err := t.db.Clauses(forShare).Select(keyColumns).Where("id = ? AND user_id = ?", a.Key.ID, a.User.ID).Take(&key).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !(key.Usable(t.now) && t.store.sealed(key)) {
		return nil, models.Unauthorized()
	}
	if err != nil {
		return nil, err
	}
	a.Key = key.Acting()
	return a, nil
}

// sessionActor checks that the session of the call still counts.
func (t *tx) sessionActor(a *models.Actor) (*models.Actor, error) {
	a.Key = nil
	var session models.Session
	err := t.db.Clauses(forShare).Select(sessionColumns).Where("digest = ? AND user_id = ?", a.SessionDigest, a.User.ID).Take(&session).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !session.Live(t.now) {
		return nil, models.Unauthorized()
	}
	return a, err
}
