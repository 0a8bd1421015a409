package delivery

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/tracing"
)

// Limits of the loops that look for work.
const (
	runnerPeriod    = time.Second
	runnerFaultWait = 5 * time.Second
)

// Sender attempts one delivery. It never returns an error: how it went is in the
// receipt.
type Sender interface {
	Send(ctx context.Context, o store.Outgoing) models.Receipt
}

// RunnerOptions are what a runner works with.
type RunnerOptions struct {
	Store    *store.Store
	Webhooks Sender
	Log      *slog.Logger
	Trace    *tracing.Tracer // nil for none
	Lease    time.Duration   // of what is claimed; 0 for a minute
}

// Runner brings events to their receivers. Every replica has one; what each
// takes is claimed in the database, so nothing is lost with a replica and
// nothing is sent by two on purpose.
type Runner struct {
	RunnerOptions
	held   *held
	places *places
	work   chan struct{}
	news   atomic.Bool // something may have come due
	ended  chan store.Attempt

	// Of takeWebhooks alone.
	receivers map[int64]string // by subscription
	leftOut   []int64          // subscriptions, of the last claim
	walkedAt  time.Time        // when the last claim was over that left some out
	walkTook  time.Duration
}

// NewRunner makes a runner. It works while Run runs, which is called once.
func NewRunner(o RunnerOptions) *Runner {
	return &Runner{RunnerOptions: o, held: newHeld(o.Store, o.Lease, o.Log), places: newPlaces(), receivers: map[int64]string{},
		work: make(chan struct{}, 1), ended: make(chan store.Attempt, webhooksAtOnce)}
}

// Run works until ctx is done. Then it gives back what it has not begun, and waits
// for what is under way.
func (r *Runner) Run(ctx context.Context) {
	stop := r.held.keep()
	defer stop()
	var loops sync.WaitGroup
	loops.Go(func() { r.noteAll(ctx) })
	loops.Go(func() { r.repeat(ctx, r.Store.Happened(), r.lookAtEvents) })
	r.repeat(ctx, r.work, r.takeWebhooks)
	r.empty(ctx)
	r.places.begun.Wait()
	close(r.ended)
	loops.Wait()
}

// repeat does something each time that there is work, and each second.
func (r *Runner) repeat(ctx context.Context, work <-chan struct{}, do func(context.Context) error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-work:
		}
		wait := runnerPeriod
		if err := do(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("deliveries rest for a moment", "cause", err)
			wait = runnerFaultWait
		}
		timer.Reset(wait)
	}
}

// wake lets takeWebhooks look again.
func (r *Runner) wake() {
	select {
	case r.work <- struct{}{}:
	default:
	}
}

// lookAtEvents makes deliveries of what happened. Of many events the first are
// sent before the last are looked at.
func (r *Runner) lookAtEvents(ctx context.Context) error {
	for {
		more, err := r.Store.FanOutSome(ctx)
		r.news.Store(true)
		r.wake()
		if err != nil || !more {
			return err
		}
	}
}
