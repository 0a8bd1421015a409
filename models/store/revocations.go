package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// revocationColumns are all columns of a revocation.
const revocationColumns = `id, form_id, user_id, username, identified_by, address, user_agent, request_id, reason, query, selection,
	total, revoked, skipped, started_at, finished_at, stopped`

const (
	// previewSample is how many of the chosen keys a preview shows.
	previewSample = 10
	// namedAtOnce is how many named keys one statement notes.
	namedAtOnce = 500
)

// revocationKey is a key that a revocation has chosen.
type revocationKey struct {
	RevocationID int64  `gorm:"primaryKey;autoIncrement:false"`
	KeyID        string `gorm:"primaryKey"`
	Outcome      models.Outcome
}

// PreviewRevocation tells what revoking the usable keys of a selection would do,
// to those who may.
func (s *Store) PreviewRevocation(ctx context.Context, sel models.KeySelection) (models.RevocationPreview, error) {
	var preview models.RevocationPreview
	if err := models.MayRevokeMany(models.ActorFrom(ctx)); err != nil {
		return preview, err
	}
	err := s.snapshot(ctx, func(db *gorm.DB) error {
		c, none, err := s.chooseLive(db, sel)
		if err != nil || none {
			return err
		}
		var n struct{ Keys, UsedToday, Owners int }
		dayBefore := s.instant(sel.At.Add(-24 * time.Hour))
		err = db.Raw("SELECT count(*) AS keys, COALESCE(SUM(CASE WHEN used >= ? THEN 1 ELSE 0 END), 0) AS used_today, count(DISTINCT user_id) AS owners FROM (SELECT k.user_id, "+
			s.usedAt()+" AS used FROM "+c.keys()+" WHERE "+c.where()+" LIMIT "+countMore+") AS chosen", append([]any{dayBefore}, c.args...)...).Scan(&n).Error
		if err != nil {
			return err
		}
		preview.Keys, preview.UsedToday, preview.Owners = bound(n.Keys), n.UsedToday, n.Owners
		page, err := s.pageOfKeys(db, keyWalk{c, models.KeyOrder{By: models.SortExpires}, nil, previewSample + 1, !preview.Keys.More})
		preview.Sample = page.Keys
		return err
	})
	return preview, s.failure("preview of a revocation", err)
}

// chooseLive chooses the keys of a selection that can be revoked. Keys that were
// made after somebody looked are not among them.
func (s *Store) chooseLive(db *gorm.DB, sel models.KeySelection) (c *chosen, none bool, err error) {
	live, none := sel.Live()
	if none {
		return nil, true, nil
	}
	if c, err = s.choose(db, live); err == nil {
		c.add("k.created_at <= ?", utc(sel.At))
	}
	return c, false, err
}

// StartRevocation writes down which keys are to be revoked, and why. The work
// itself is done by WorkOffRevocations. A form that comes twice starts once.
func (s *Store) StartRevocation(ctx context.Context, wish models.RevocationWish) (models.Revocation, error) {
	if err := checkFormID(wish.FormID); err != nil {
		return models.Revocation{}, err
	}
	if wish.FormID == "" {
		wish.FormID = rand.Text()
	}
	var started models.Revocation
	err := s.inTx(ctx, "start revocation", func(t *tx) (err error) {
		started, err = t.startRevocation(wish)
		return err
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return s.startedBy(ctx, wish.FormID)
	}
	if err != nil {
		return models.Revocation{}, err
	}
	return started, nil
}

func (t *tx) startRevocation(wish models.RevocationWish) (r models.Revocation, err error) {
	actor, err := t.actor()
	if err == nil {
		err = models.MayRevokeMany(actor)
	}
	if err != nil {
		return r, err
	}
	wish, problems := wish.Check(t.now)
	if err := refusalOf(problems); err != nil {
		return r, err
	}
	var e models.Event
	describe(&e, actor)
	r = models.Revocation{
		FormID: wish.FormID, Username: cmp.Or(e.Username, system), IdentifiedBy: e.IdentifiedBy, Address: fact(e.Address), UserAgent: fact(e.UserAgent),
		RequestID: fact(e.RequestID), Reason: wish.Reason, Query: wish.Query, Selection: wish.Selection, StartedAt: t.now,
	}
	if e.UserID != nil {
		r.UserID = *e.UserID
	}
	if err := t.db.Create(&r).Error; err != nil {
		return r, err
	}
	if r.Total, err = t.collect(r, wish); err != nil {
		return r, err
	}
	if err := t.db.Model(&r).Where("id = ?", r.ID).Update("total", r.Total).Error; err != nil {
		return r, err
	}
	return r, t.recordRevocation(actor, models.Created, r, " was started: "+r.Reason)
}

// collect notes the keys that are chosen. More than were shown nobody has agreed
// to; fewer are fine, since keys end all the time. Of keys that are named each is
// noted, so that the result tells of each.
func (t *tx) collect(r models.Revocation, wish models.RevocationWish) (int, error) {
	c, none, err := t.store.chooseLive(t.db, r.Selection)
	if err != nil || none {
		return 0, orElse(err, models.Conflicted("None of these keys can be revoked any more. Nothing was changed."))
	}
	if wish.KeyIDs != nil {
		c.add("k.id IN ?", wish.KeyIDs)
	}
	inserted := t.db.Exec("INSERT INTO revocation_keys (revocation_id, key_id) SELECT CAST(? AS BIGINT), k.id FROM api_keys k WHERE "+c.where()+" LIMIT "+countMore,
		append([]any{r.ID}, c.args...)...)
	switch n := int(inserted.RowsAffected); {
	case inserted.Error != nil:
		return 0, inserted.Error
	case n == 0:
		return 0, models.Conflicted("None of these keys can be revoked any more. Nothing was changed.")
	case n > models.MaxRevocation:
		return 0, models.Conflicted("At most " + strconv.Itoa(models.MaxRevocation) + " keys can be revoked at once, and these are more. Nothing was changed. Choose fewer keys.")
	case n > wish.Shown:
		return 0, models.Conflicted("More keys are chosen now than you agreed to: " + strconv.Itoa(n) + ", and not " + strconv.Itoa(wish.Shown) + ". Nothing was changed. Look at them again, and then revoke them.")
	case wish.KeyIDs != nil:
		return len(wish.KeyIDs), t.collectNamed(r, wish.KeyIDs)
	default:
		return n, nil
	}
}

// collectNamed notes, beside those that are, the named keys that can't be revoked.
func (t *tx) collectNamed(r models.Revocation, ids []string) error {
	rows := make([]revocationKey, len(ids))
	for i, id := range ids {
		rows[i] = revocationKey{RevocationID: r.ID, KeyID: id}
	}
	return t.db.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&rows, namedAtOnce).Error
}

func (t *tx) recordRevocation(actor *models.Actor, what models.Category, r models.Revocation, words string) error {
	e := models.Event{Category: what, DocumentType: models.DocumentRevocations, DocumentID: r.PublicID()}
	if actor != nil {
		e.IdentifiedBy = r.IdentifiedBy
	}
	return t.record(actor, e, said("").document("Revocation of "+plural(r.Total, "API key"), r.PublicID()).text(words))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// startedBy finds what an earlier use of a form has started.
func (s *Store) startedBy(ctx context.Context, formID string) (models.Revocation, error) {
	var userID int64
	if actor := models.ActorFrom(ctx); actor != nil && actor.Via != models.ViaConsole {
		userID = actor.User.ID
	}
	var r models.Revocation
	err := s.read.WithContext(ctx).Select(revocationColumns).Where("user_id = ? AND form_id = ?", userID, formID).Take(&r).Error
	return r, s.failure("revocation", err)
}
