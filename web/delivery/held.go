package delivery

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// claimLease is how long what a process has claimed waits for it when it was
// killed. While it lives it renews the lease in each third, so the slowest mail
// server needs no longer one, and a database that is away for half a minute costs
// nobody his claim.
const claimLease = time.Minute

// notePause is the time between tries to note how an attempt went.
const notePause = time.Second

// held are the deliveries that this process has claimed: those that wait here to
// be sent, and those that are under way.
type held struct {
	store *store.Store
	lease time.Duration
	log   *slog.Logger

	mu     sync.Mutex
	claims map[int64]claim // by delivery
}

// claim is a delivery that is this process's until then, by its own clock.
type claim struct {
	models.Delivery
	until time.Time
}

func newHeld(s *store.Store, lease time.Duration, log *slog.Logger) *held {
	if lease <= 0 {
		lease = claimLease
	}
	return &held{store: s, lease: lease, log: log, claims: map[int64]claim{}}
}

// add holds what was claimed; asked is when it was asked for, so that the lease
// ends here no later than it does for others.
func (h *held) add(asked time.Time, list ...models.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range list {
		h.claims[d.ID] = claim{d, asked.Add(h.lease)}
	}
}

// has reports whether deliveries are still this process's, with a third of the
// lease to spare: clocks differ, and what is sent next takes a while.
func (h *held) has(list ...models.Delivery) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	latest := h.store.Now().Add(h.lease / 3)
	return !slices.ContainsFunc(list, func(d models.Delivery) bool {
		c, mine := h.claims[d.ID]
		return !mine || c.Attempts != d.Attempts || c.until.Before(latest)
	})
}

// forget ends holding what was finished or given back.
func (h *held) forget(list ...models.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range list {
		if h.claims[d.ID].Attempts == d.Attempts {
			delete(h.claims, d.ID)
		}
	}
}

// giveBack returns what won't be sent, so that it waits for nobody's lease. What
// somebody else has claimed since stays his.
func (h *held) giveBack(ctx context.Context, list ...models.Delivery) {
	h.forget(list...)
	if err := h.store.ReleaseDeliveries(context.WithoutCancel(ctx), list); err != nil {
		h.log.Error("deliveries could not be given back, and wait for the end of their lease", "deliveries", len(list), "cause", err)
	}
}

// keep renews the lease of what is held in each third of it, until stop is
// called.
func (h *held) keep() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(h.lease / 3); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
				h.renew(ctx)
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// renew begins the lease of all that is held anew. What somebody else has claimed
// meanwhile is held no longer.
func (h *held) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, h.lease/3)
	defer cancel()
	asked, list := h.store.Now(), h.all()
	if len(list) == 0 {
		return
	}
	kept, err := h.store.RenewDeliveries(ctx, list, h.lease)
	if err != nil && ctx.Err() != context.Canceled {
		h.log.Error("the claim on deliveries could not be renewed", "deliveries", len(list), "cause", err)
	}
	h.renewed(asked, list, kept, err == nil)
}

// all lists what is held.
func (h *held) all() (list []models.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.claims {
		list = append(list, c.Delivery)
	}
	return list
}

// renewed notes which claims were renewed. The others are lost, if all were asked
// about.
func (h *held) renewed(asked time.Time, list []models.Delivery, kept []int64, all bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.Sort(kept)
	for _, d := range list {
		c, mine := h.claims[d.ID]
		if !mine || c.Attempts != d.Attempts {
			continue // finished or given back meanwhile
		}
		if _, still := slices.BinarySearch(kept, d.ID); still {
			h.claims[d.ID] = claim{d, asked.Add(h.lease)}
		} else if all {
			delete(h.claims, d.ID)
		}
	}
}

// insist notes how an attempt went. When the database is away it tries again for
// as long as a lease: what is not noted is sent once more. When ctx is done it
// tries but once.
func (h *held) insist(ctx context.Context, note func(context.Context) error) (err error) {
	for end := time.Now().Add(h.lease); ; {
		if err = note(context.WithoutCancel(ctx)); err == nil || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(notePause):
		}
	}
}
