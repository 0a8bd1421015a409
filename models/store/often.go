package store

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/keyport/keyport/models"
)

// Events that a stranger can bring about as often as he likes are written one by
// one up to mostAlike a minute of the same kind and about the same user; the rest
// are counted, and the count is written when the minute is over. So nobody can
// fill the trail, and nothing goes unnoticed.
const (
	mostAlike  = 20
	alikeFor   = time.Minute
	mostBursts = 10_000 // users that are counted for at the same time
)

// burst counts the events of a minute that are alike.
type burst struct {
	until   time.Time
	written int
	held    int
	last    models.Event // of those that are held
}

// bursts are those of this process.
type bursts struct {
	mu     sync.Mutex
	byName map[string]*burst
	over   []*burst // their minute has passed, and they hold some
}

// admits reports whether an event is to be written, or else counts it.
func (b *bursts) admits(name string, e models.Event) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byName == nil {
		b.byName = map[string]*burst{}
	}
	if len(b.byName) >= mostBursts && b.byName[name] == nil {
		b.endOver(e.OccurredAt)
		if len(b.byName) >= mostBursts {
			name = string(e.Category) // all further users share one count
		}
	}
	now := b.byName[name]
	if now == nil || !e.OccurredAt.Before(now.until) {
		b.end(name)
		now = &burst{until: e.OccurredAt.Add(alikeFor)}
		b.byName[name] = now
	}
	if now.written < mostAlike {
		now.written++
		return true
	}
	now.held++
	now.last = e
	return false
}

func (b *bursts) end(name string) {
	if ended := b.byName[name]; ended != nil && ended.held > 0 {
		b.over = append(b.over, ended)
	}
	delete(b.byName, name)
}

func (b *bursts) endOver(now time.Time) {
	for name, one := range b.byName {
		if !now.Before(one.until) {
			b.end(name)
		}
	}
}

// take returns what is to be written now.
func (b *bursts) take(now time.Time) []*burst {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.endOver(now)
	over := b.over
	b.over = nil
	return over
}

func (b *bursts) giveBack(over []*burst) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = append(over, b.over...)
}

// recordOften adds an event that somebody can bring about without end. name
// tells whose count it belongs to.
func (t *tx) recordOften(name string, actor *models.Actor, e models.Event, m *message) error {
	e = t.event(actor, e, m)
	if e.Category == models.LoginFailed {
		t.store.activity.signInFailed.Add(1)
	}
	if t.store.bursts.admits(string(e.Category)+" "+name, e) {
		t.events = append(t.events, e)
	}
	return nil
}

// WriteCounts writes how often it happened what was only counted, for each
// minute that is over.
func (s *Store) WriteCounts(ctx context.Context) error { return s.writeCounts(ctx, s.Now()) }

// WriteLastCounts writes all counts, before the process ends.
func (s *Store) WriteLastCounts(ctx context.Context) error {
	return s.writeCounts(ctx, s.Now().Add(alikeFor))
}

func (s *Store) writeCounts(ctx context.Context, now time.Time) error {
	over := s.bursts.take(now)
	if len(over) == 0 {
		return nil
	}
	err := s.inTx(ctx, "write counts of events", func(t *tx) error {
		for _, one := range over {
			e := one.last
			e.Message += ", and the same " + strconv.Itoa(one.held) + " times in a minute, of which this was the last"
			t.events = append(t.events, e)
		}
		return nil
	})
	if err != nil {
		s.bursts.giveBack(over)
	}
	return err
}

// RecordRefused notes that an actor asked for what they may not do. what names
// the address, without what callers put into it.
func (s *Store) RecordRefused(ctx context.Context, what string) error {
	actor := models.ActorFrom(ctx)
	if actor == nil || actor.Via == models.ViaConsole {
		return nil
	}
	return s.inTx(ctx, "record a refusal", func(t *tx) error {
		e := models.Event{Category: models.AccessDenied, DocumentType: models.DocumentUsers, DocumentID: actor.User.PublicID()}
		return t.recordOften(e.DocumentID, actor, e, new(message).user(actor.User).text(" was refused: "+what))
	})
}
