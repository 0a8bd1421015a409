//go:build unix

package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// open asks at a fixed rate, whether answers come or not, and returns how long
// each took, sorted. A call that could not be sent because the answer before it
// was late counts from the moment when it was due: a server that stands still
// is charged with all that would have come meanwhile. That this program woke
// late is not the server's fault and does not count.
func (l load) open(ctx context.Context, rate float64, d time.Duration) ([]time.Duration, error) {
	var workers sync.WaitGroup
	var mu sync.Mutex
	var all []time.Duration
	var failure error
	every := time.Duration(float64(l.conns) / rate * float64(time.Second))
	start := time.Now().Add(10 * time.Millisecond)
	for i := range l.conns {
		workers.Go(func() {
			took, err := l.paced(ctx, start.Add(every*time.Duration(i)/time.Duration(l.conns)), every, start.Add(d))
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if err != nil {
				failure = err
			}
		})
	}
	workers.Wait()
	slices.Sort(all)
	return all, failure
}

// paced is one connection's share.
func (l load) paced(ctx context.Context, due time.Time, every time.Duration, until time.Time) (took []time.Duration, err error) {
	c, err := dial(l.address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for ; due.Before(until) && ctx.Err() == nil && l.pick(c.key); due = due.Add(every) {
		from := due
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
			from = time.Now()
		}
		if err := c.ask(l.status); err != nil {
			return took, err
		}
		took = append(took, time.Since(from))
	}
	return took, ctx.Err()
}

// at returns the time within which a part of the calls was answered.
func at(sorted []time.Duration, part float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(part*float64(len(sorted)-1))]
}
