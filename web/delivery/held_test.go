package delivery_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// shortLease is long enough to be renewed in time on a busy machine.
const shortLease = 2 * time.Second

// A receiver holds a process up for longer than a lease. Nobody else takes over
// what is under way, nor what waits behind it: each comes once.
func TestALeaseIsRenewedWhileSending(t *testing.T) {
	eachWay(t, func(t *testing.T, f *storetest.Fixture, open func(func(int)) way) {
		var w way
		w = open(func(n int) {
			if n <= w.atOnce {
				time.Sleep(5 * shortLease / 2)
			}
		})
		const events = 7
		w.happen(t, f, events)
		w.send(t, f.URL, shortLease)
		eventually(t, "the first message", func() bool { return len(w.came()) == w.atOnce })
		w.send(t, f.URL, shortLease)
		eventually(t, "the notes of all", func() bool { return in(f, models.DeliveryDelivered, 1) == events })
		if came := w.came(); len(came) != events {
			t.Errorf("%d messages came, want each of %d once: %v", len(came), events, came)
		}
	})
}

// A process learns that others have claimed what it held: it ends what it had
// begun, sends nothing else, and leaves alone what is theirs.
func TestALostClaimIsNotSent(t *testing.T) {
	eachWay(t, func(t *testing.T, f *storetest.Fixture, open func(func(int)) way) {
		var w way
		woken := make(chan struct{})
		w = open(func(n int) {
			if n <= w.atOnce {
				<-woken
			}
		})
		const events = 7
		w.happen(t, f, events)
		stop := w.send(t, f.URL, shortLease)
		eventually(t, "the first message", func() bool { return len(w.came()) == w.atOnce })
		f.Exec("UPDATE deliveries SET attempts = 2, claimed_until = ? WHERE id NOT IN (SELECT id FROM deliveries ORDER BY id LIMIT ?)", time.Now().UTC().Add(time.Hour), w.atOnce)
		time.Sleep(shortLease) // until the claims were to be renewed
		close(woken)
		eventually(t, "the notes of what was under way", func() bool { return in(f, models.DeliveryDelivered, 1) == w.atOnce })
		stop()
		if came := w.came(); len(came) != w.atOnce {
			t.Errorf("%d messages came, want the %d that were under way: %v", len(came), w.atOnce, came)
		}
		if n := f.Count("SELECT COUNT(*) FROM deliveries WHERE state = 'pending' AND attempts = 2 AND claimed_until IS NOT NULL"); n != events-w.atOnce {
			t.Errorf("others still have %d of their %d deliveries", n, events-w.atOnce)
		}
	})
}

// A process sleeps for longer than its lease, and wakes up before it could renew
// anything: it asks its clock before it sends what another one has sent meanwhile.
func TestAProcessThatSlept(t *testing.T) {
	eachWay(t, func(t *testing.T, f *storetest.Fixture, open func(func(int)) way) {
		var w way
		woken := make(chan struct{})
		w = open(func(n int) {
			if n <= w.atOnce {
				<-woken
			}
		})
		const events, lease = 7, time.Hour
		w.happen(t, f, events)
		asleep := storetest.NewClock(f.Clock.Now())
		stop := w.sendBy(t, f.URL, lease, asleep.Now)
		eventually(t, "the first message", func() bool { return len(w.came()) == w.atOnce })
		f.Clock.Advance(lease + time.Second)
		another := w.sendBy(t, f.URL, lease, f.Clock.Now)
		eventually(t, "the other's notes", func() bool { return in(f, models.DeliveryDelivered, 2) == events })
		asleep.Set(f.Clock.Now())
		close(woken)
		time.Sleep(300 * time.Millisecond) // for what it would still send
		stop()
		another()
		if came := w.came(); len(came) != events+w.atOnce {
			t.Errorf("%d messages came, want %d, and the %d that were under way again: %v", len(came), events, w.atOnce, came)
		}
	})
}

// What waits for its turn is given back when the program ends.
func TestWhatWaitsIsGivenBack(t *testing.T) {
	eachWay(t, func(t *testing.T, f *storetest.Fixture, open func(func(int)) way) {
		var w way
		ending := make(chan struct{})
		w = open(func(int) { <-ending })
		const events = 7
		w.happen(t, f, events)
		stop := w.send(t, f.URL, time.Minute)
		eventually(t, "the first message", func() bool { return len(w.came()) == w.atOnce })
		time.AfterFunc(100*time.Millisecond, func() { close(ending) })
		stop()
		if n := in(f, models.DeliveryDelivered, 1); n != w.atOnce {
			t.Errorf("%d deliveries are noted, want the %d that were under way", n, w.atOnce)
		}
		if n := f.Count("SELECT COUNT(*) FROM deliveries WHERE state = 'pending' AND attempts = 0 AND claimed_until IS NULL"); n != events-w.atOnce {
			t.Errorf("%d deliveries are free, want %d", n, events-w.atOnce)
		}
	})
}

// times counts how often each came.
func times(came []string) map[string]int {
	count := map[string]int{}
	for _, event := range came {
		count[event]++
	}
	return count
}

// noted lists the events whose delivery is noted as done.
func noted(f *storetest.Fixture, events []string) []string {
	return slices.DeleteFunc(slices.Clone(events), func(e string) bool {
		return f.Count(fmt.Sprintf("SELECT COUNT(*) FROM deliveries WHERE state = 'delivered' AND event_id = %s", e)) == 0
	})
}
