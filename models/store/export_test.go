package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/keyport/keyport/models"
)

// Hashes returns how many password hashes the store has worked out.
func (s *Store) Hashes() int64 { return s.hashing.done.Load() }

// MigrateDown takes all migrations back.
func (s *Store) MigrateDown(ctx context.Context) error {
	provider, err := s.migrator()
	if err != nil {
		return err
	}
	_, err = provider.DownTo(ctx, 0)
	return err
}

// Columns returns the stored fields of each model, sorted, by table.
func Columns(t *testing.T) map[string][]string {
	t.Helper()
	columns := map[string][]string{}
	for _, model := range []any{
		models.User{}, models.APIKey{}, models.Session{}, models.AuthSettings{}, models.Event{},
		models.Team{}, teamMember{}, keyGeneration{}, oneTimeLink{}, installation{},
		signInCounter{}, models.KnownDevice{}, models.TOTPSecret{}, models.Passkey{}, models.RecoveryCode{}, answeredChallenge{}, signInNote{},
		models.Revocation{}, revocationKey{},
		models.Identity{}, pendingSignOn{},
		recordedIdentities{}, models.Invitation{},
		models.OIDCIdentity{}, serviceAccountID{}, signingKey{},
		models.Subscription{}, models.AuditCheckpoint{}, models.AuditSettings{},
		apiKeyNotice{}, models.ScheduledTask{}, models.Delivery{}, unsubscription{},
		models.Service{},
	} {
		parsed, err := schema.Parse(model, new(sync.Map), schema.NamingStrategy{})
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range parsed.Fields {
			if field.DBName != "" && !field.IgnoreMigration {
				columns[parsed.Table] = append(columns[parsed.Table], field.DBName)
			}
		}
		slices.Sort(columns[parsed.Table])
	}
	return columns
}

// HoldHashing lets hashes wait until release is called; waiting reports how
// many do.
func (s *Store) HoldHashing() (waiting func() int, release func()) {
	for range cap(s.hashing.working) {
		s.hashing.working <- struct{}{}
	}
	return func() int { return len(s.hashing.admitted) }, func() {
		for range cap(s.hashing.working) {
			<-s.hashing.working
		}
	}
}

// SeenClients returns how many clients the marks of use remember.
func (s *Store) SeenClients() (n int) {
	for i := range s.seen.parts {
		n += len(s.seen.parts[i].clients)
	}
	return n
}

// DummyHash returns a stored hash that no password has.
func (s *Store) DummyHash() string { return s.hashing.dummy }

// CheapDummy makes the hash that stands in for absent ones quick to work out.
func (s *Store) CheapDummy() {
	s.hashing.dummy = phc{costs{memory: 8, passes: 1, lanes: 1}, random(saltSize), random(sumSize)}.String()
}

// CheapHash returns a hash of a password that is quick to work out.
func (s *Store) CheapHash(password string) string {
	p := phc{costs: costs{memory: 8, passes: 1, lanes: 1}, salt: random(saltSize)}
	p.sum, _ = s.hashing.work(context.Background(), p, sumSize, password)
	return p.String()
}

// RevokeBatch does one batch of a revocation.
func (s *Store) RevokeBatch(ctx context.Context) (worked bool, err error) { return s.revokeBatch(ctx) }

// Walk writes the query of a page of all keys, for asking the database about it.
func (s *Store) Walk(db *gorm.DB, sel models.KeySelection, order models.KeyOrder, from *models.KeyCursor, few bool) (string, []any, error) {
	c, err := s.choose(db, sel)
	if err != nil {
		return "", nil, err
	}
	statement, args := s.walk(keyWalk{c, order, from, models.PageSize + 1, few})
	return statement, args, nil
}

// CountQuery writes the query that counts all keys of a selection.
func (s *Store) CountQuery(db *gorm.DB, sel models.KeySelection) (string, []any, error) {
	c, err := s.choose(db, sel)
	if err != nil {
		return "", nil, err
	}
	return "SELECT count(*) FROM (" + bounded(c) + ") AS counted", c.args, nil
}

// Snapshot runs fn as the queries of pages run.
func (s *Store) Snapshot(ctx context.Context, fn func(db *gorm.DB) error) error {
	return s.snapshot(ctx, fn)
}

// EventWays returns the statements that WalkEvents asks for a query.
func (s *Store) EventWays(db *gorm.DB, q models.EventQuery, most int) (statements []string, args [][]any, err error) {
	ways, err := s.eventWays(db, q, true)
	for _, way := range ways {
		dry := way.Session(&gorm.Session{DryRun: true}).Limit(most).Find(&[]models.Event{})
		statements, args = append(statements, dry.Statement.SQL.String()), append(args, dry.Statement.Vars)
	}
	return statements, args, err
}

// MostAlike is how many events that are alike are written in a minute.
const MostAlike = mostAlike

// AppendEvents appends events as they are to the trail, in one transaction.
func (s *Store) AppendEvents(ctx context.Context, events []models.Event) error {
	return s.inTx(ctx, "append events", func(t *tx) error {
		t.events = events
		return nil
	})
}

// ClaimExpiryTask takes the expiry task as a run of it begins.
func (s *Store) ClaimExpiryTask(ctx context.Context) (*time.Time, error) {
	return s.claimExpiryTask(ctx, true)
}

// NoteExpiryRun ends what ClaimExpiryTask began.
func (s *Store) NoteExpiryRun(ctx context.Context, claimed time.Time) error {
	return s.noteExpiryRun(ctx, claimed, models.ExpiryRun{}, "")
}

// LookUp is a look-up of Verify that stops between asking the database and
// keeping the answer; keep goes on.
func (s *Store) LookUp(ctx context.Context, secret models.Secret) (keep func(), err error) {
	sum, age := s.verified.sum(secret.Reveal()), s.verified.ages.begin()
	v, err := s.lookUp(ctx, secret, s.changes.fresh())
	return func() { s.verified.put(&sum, age, &v) }, err
}

// Remembers reports whether the cache would answer for a key.
func (s *Store) Remembers(secret models.Secret) bool {
	sum := s.verified.sum(secret.Reveal())
	_, known := s.verified.get(&sum, s.Now())
	return known
}

// Tables lists those that a backup holds, and those that end with a restore.
func Tables() (held, over []string) { return kept, append(slices.Clone(ended), endedOnPostgres...) }

// WriteBackup writes a backup with a header and rows of a test's choice.
func (s *Store) WriteBackup(out io.Writer, h BackupHeader, table string, columns []string, rows ...[]any) error {
	w, err := s.newBackupWriter(out, h)
	if err != nil {
		return err
	}
	var list []column
	for _, name := range columns {
		list = append(list, column{name, kindText})
	}
	if err := w.begin(table, list); err != nil {
		return err
	}
	for _, row := range rows {
		if err := w.row(row); err != nil {
			return err
		}
	}
	return w.end()
}

// TakeSeen takes the uses that are not written yet, by the ids of their keys.
func (s *Store) TakeSeen() map[string][]models.KeyUse {
	uses := map[string][]models.KeyUse{}
	for id, m := range s.seen.take() {
		uses[id] = m
	}
	return uses
}

// CrowdCache keeps so many keys, which nobody has made, in two sets of the cache,
// notes a use of each as it comes in, and returns how many places there are.
func (s *Store) CrowdCache(keys []models.Verified, address string) (places int) {
	for i := range keys {
		sum := cacheSum{7: 1, 15: byte(i), 14: byte(i >> 8)}
		s.verified.put(&sum, s.verified.ages.begin(), &keys[i])
		s.SeenVerified(&keys[i], address, "curl/8.5")
	}
	return 2 * cacheWays
}

// FillCache keeps so many keys, which nobody has made, wherever they fall.
func (s *Store) FillCache(keys int, v models.Verified) {
	for i := range keys {
		sum := s.verified.sum(fmt.Sprintf("API-%026d", i))
		s.verified.put(&sum, s.verified.ages.begin(), &v)
	}
}

// KeyPageQuery is the query that reads a page of digests.
const KeyPageQuery = keyPageQuery

// ReadKnownKeysAgain lets all keys be read again, as when one may be missing.
func (s *Store) ReadKnownKeysAgain() { s.known.forget() }

// ReadKnownKeysAllTheTime lets all keys be read over and over, from before anybody
// asks for the first one, until stop is called.
func (s *Store) ReadKnownKeysAllTheTime() (stop func()) {
	s.known.pause = 0
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for ; ctx.Err() == nil; time.Sleep(time.Millisecond) {
			s.known.renew()
		}
	}()
	return cancel
}

// StopHearing ends the feed of changes for good.
func (s *Store) StopHearing() { _ = s.changes.stop() }

// ChangeAndTakeBack changes a key in a transaction whose commit fails.
func (s *Store) ChangeAndTakeBack(ctx context.Context, keyID string) {
	ctx, changes := withKeyChanges(ctx)
	err := s.write.WithContext(ctx).Transaction(func(db *gorm.DB) error {
		if err := db.Model(&models.APIKey{}).Where("id = ?", keyID).Update("revoked_at", s.Now()).Error; err != nil {
			panic(err)
		}
		if err := (&tx{store: s, db: db}).askTriggers(changes); err != nil {
			panic(err)
		}
		return errors.New("the commit fails")
	})
	s.forgetChanged(changes, err)
}

// EndedRefused is how many keys that have ended were refused without a look-up.
func (s *Store) EndedRefused() int64 { return s.ended.refused.Load() }

// FeedBeat is how often the feed asks whether it still hears.
const FeedBeat = feedBeat
