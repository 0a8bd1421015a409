package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// signInCounter counts tries of one kind. Its times are microseconds.
type signInCounter struct {
	Name         []byte `gorm:"primaryKey"`
	Tries        int64
	BlockedUntil int64
	ForgetAt     int64
}

// counter is one counter that a try raises.
type counter struct {
	name  []byte
	rule  models.Throttle
	share bool // others are counted here too: success takes back one try, not all
}

// What is tried.
const (
	tryPassword = "password"
	tryCode     = "code"
	tryAgain    = "confirm"
)

// counters lists what a try counts in. Names are counted by the user they lead
// to, so that spellings of one name share a counter; a name that leads to
// nobody is counted in the same way, so that nobody can tell the two apart.
func (s *Store) counters(ctx context.Context, what string, userID int64, typed string) ([]counter, error) {
	who := "user " + strconv.FormatInt(userID, 10)
	strangers := s.keyring.CounterName(what, "strangers", who)
	if userID == 0 {
		who = "name " + models.Fold(typed)
		strangers = s.sharedByNames(what, who)
	}
	device, err := s.knownDevice(ctx, userID)
	if err != nil {
		return nil, err
	}
	if device != nil {
		return []counter{{name: s.keyring.CounterName(what, "device", who, string(device)), rule: models.ThrottleDevice}}, nil
	}
	network := models.AddressPrefix(models.RequestFrom(ctx).Address)
	list := []counter{
		{name: s.keyring.CounterName(what, "pair", who, network), rule: models.ThrottlePair},
		{name: s.keyring.CounterName(what, "address", network), rule: models.ThrottleAddress, share: true},
		{name: strangers, rule: models.ThrottleStrangers},
	}
	// In one order everywhere, so that two tries never wait for each other.
	slices.SortFunc(list, func(a, b counter) int { return bytes.Compare(a.name, b.name) })
	return list, nil
}

// sharedByNames returns one of 65,536 counters for the names that lead to
// nobody: there are more such names than there is room, and these counters are
// kept for a day.
func (s *Store) sharedByNames(what, who string) []byte {
	slot := s.keyring.CounterName(what, who)[:2]
	return s.keyring.CounterName(what, "strangers", "slot "+string(slot))
}

// sessionCounter counts wrong answers of somebody who is signed in already.
func (s *Store) sessionCounter(actor *models.Actor) []counter {
	return []counter{{name: s.keyring.CounterName(tryAgain, string(actor.SessionDigest)), rule: models.ThrottleDevice}}
}

// countTry raises the counters before the try is judged: of tries that come at
// the same time, no more are judged than are allowed. It refuses the try if one
// counter is at its limit, and then raises none. full reports that the try was
// the last free one of a user among strangers.
func (s *Store) countTry(ctx context.Context, counters []counter) (full bool, err error) {
	defer func() {
		if models.KindOf(err) == models.TooMany {
			s.activity.signInSlowed.Add(1)
		}
	}()
	// Looked at first, because a flood of refused tries must cost no writes.
	if err := s.refuseBlocked(s.read.WithContext(ctx), counters); err != nil {
		return false, s.failure("count try", err)
	}
	err = s.inTx(ctx, "count try", func(t *tx) error {
		full = false
		for _, c := range counters {
			tries, err := t.raise(c)
			if err != nil {
				return err
			}
			if tries == 0 {
				return orElse(s.refuseBlocked(t.db, counters), models.Slowed(time.Second))
			}
			full = full || c.rule == models.ThrottleStrangers && tries == int64(c.rule.Free)
		}
		return nil
	})
	return full, err
}

func (s *Store) refuseBlocked(db *gorm.DB, counters []counter) error {
	names := make([][]byte, len(counters))
	for i, c := range counters {
		names[i] = c.name
	}
	var until []int64
	err := db.Model(&signInCounter{}).Where("name IN ?", names).Order("blocked_until DESC").Limit(1).Pluck("blocked_until", &until).Error
	if err != nil {
		return err
	}
	if len(until) == 0 {
		return nil
	}
	if wait := time.Duration(until[0]-s.Now().UnixMicro()) * time.Microsecond; wait > 0 {
		return models.Slowed(wait)
	}
	return nil
}

// raise counts one try and starts the wait that follows it, in one statement.
// It returns 0 for a counter that is at its limit.
func (t *tx) raise(c counter) (tries int64, err error) {
	now := t.now.UnixMicro()
	err = t.db.Raw(raising[c.rule], map[string]any{"name": c.name, "now": now, "within": c.rule.Within.Microseconds(), "until": now + c.rule.Within.Microseconds()}).
		Scan(&tries).Error
	return tries, err
}

// raising is the statement for each rule.
var raising = map[models.Throttle]string{
	models.ThrottlePair:      raiseStatement(models.ThrottlePair),
	models.ThrottleAddress:   raiseStatement(models.ThrottleAddress),
	models.ThrottleStrangers: raiseStatement(models.ThrottleStrangers),
	models.ThrottleDevice:    raiseStatement(models.ThrottleDevice),
}

// raiseStatement writes the waits of a rule into the statement, so that the
// database can look them up by the count that only it knows for certain.
func raiseStatement(rule models.Throttle) string {
	const stale, tries = "c.forget_at <= CAST(@now AS BIGINT)", "c.tries + 1"
	var waits strings.Builder
	for n := rule.Free; ; n++ {
		if rule.Wait(n) >= rule.Longest {
			fmt.Fprintf(&waits, " WHEN %s >= %d THEN %d", tries, n, rule.Longest.Microseconds())
			break
		}
		fmt.Fprintf(&waits, " WHEN %s = %d THEN %d", tries, n, rule.Wait(n).Microseconds())
	}
	blocked := "CAST(@now AS BIGINT) + CASE WHEN " + stale + " THEN 0" + waits.String() + " ELSE 0 END"
	keep := fmt.Sprintf("WHEN %s < %d THEN c.forget_at", tries, rule.Free)
	if rule.InARow {
		keep = ""
	}
	return `INSERT INTO sign_in_counters AS c (tries, name, blocked_until, forget_at) VALUES (1, @name, @now, @until)
		ON CONFLICT (name) DO UPDATE SET
			tries = CASE WHEN ` + stale + ` THEN 1 ELSE ` + tries + ` END,
			blocked_until = ` + blocked + `,
			forget_at = CASE WHEN ` + stale + ` THEN CAST(@until AS BIGINT) ` + keep + ` ELSE ` + blocked + ` + CAST(@within AS BIGINT) END
		WHERE c.blocked_until <= CAST(@now AS BIGINT)
		RETURNING tries`
}

// forgive ends a try that was no failure: the user's own counters begin anew,
// one that is shared with others loses only this try.
func (t *tx) forgive(counters []counter) error {
	for _, c := range counters {
		var err error
		if c.share {
			err = t.db.Model(&signInCounter{}).Where("name = ? AND tries > 0", c.name).Updates(map[string]any{
				"tries":         gorm.Expr("tries - 1"),
				"blocked_until": gorm.Expr("CASE WHEN tries - 1 < ? THEN 0 ELSE blocked_until END", c.rule.Free),
			}).Error
		} else {
			err = t.db.Where("name = ?", c.name).Delete(&signInCounter{}).Error
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takeBack ends a try that was never judged.
func (s *Store) takeBack(ctx context.Context, counters []counter) {
	each := slices.Clone(counters)
	for i := range each {
		each[i].share = true
	}
	err := s.inTx(context.WithoutCancel(ctx), "take back try", func(t *tx) error { return t.forgive(each) })
	if err != nil {
		s.log.WarnContext(ctx, "a try to sign in counts although it was not judged", "cause", err)
	}
}

// ForgetSignIns removes what is over: counters, known browsers, challenges.
func (s *Store) ForgetSignIns(ctx context.Context) error {
	now := s.Now()
	db := s.write.WithContext(ctx)
	err := db.Where("forget_at <= ? AND blocked_until <= ?", now.UnixMicro(), now.UnixMicro()).Delete(&signInCounter{}).Error
	if err == nil {
		err = db.Where("ends_at <= ?", now).Delete(&models.KnownDevice{}).Error
	}
	if err == nil {
		err = db.Where("ends_at <= ?", now).Delete(&answeredChallenge{}).Error
	}
	return s.failure("forget sign-ins", err)
}
