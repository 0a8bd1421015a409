package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/tracing"
)

// Limits of what is under way. One receiver that is slow has a few of the places
// and never all of them.
const (
	webhooksAtOnce  = 16
	webhooksPerOne  = 4 // of one subscription
	webhookLease    = time.Minute
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
}

// Runner brings events to their receivers. Every replica has one; what each
// takes is claimed in the database, so nothing is lost with a replica and
// nothing is sent by two on purpose.
type Runner struct {
	RunnerOptions
	mu       sync.Mutex
	underWay map[int64]int // by subscription
	total    int
	done     chan struct{}
	all      sync.WaitGroup
}

// NewRunner makes a runner. It works while Run runs.
func NewRunner(o RunnerOptions) *Runner {
	return &Runner{RunnerOptions: o, underWay: map[int64]int{}, done: make(chan struct{}, 1)}
}

// Run works until ctx is done, and then waits for what is under way.
func (r *Runner) Run(ctx context.Context) {
	defer r.all.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.Store.Happened():
		case <-r.done:
		}
		wait := runnerPeriod
		if err := r.once(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("deliveries rest for a moment", "cause", err)
			wait = runnerFaultWait
		}
		timer.Reset(wait)
	}
}

// once looks at what happened and takes what is due. Of many events the first
// are sent before the last are looked at.
func (r *Runner) once(ctx context.Context) error {
	for {
		more, err := r.Store.FanOutSome(ctx)
		if err != nil {
			return err
		}
		if err := r.takeWebhooks(ctx); err != nil || !more {
			return err
		}
	}
}

// takeWebhooks starts as many attempts as there are places.
func (r *Runner) takeWebhooks(ctx context.Context) error {
	for {
		free, busy := r.places()
		if free == 0 {
			return nil
		}
		claimed, err := r.Store.ClaimDeliveries(ctx, models.ChannelWebhook, min(free, webhooksPerOne), webhookLease, busy...)
		if err != nil || len(claimed) == 0 {
			return err
		}
		for _, o := range claimed {
			r.start(ctx, o)
		}
	}
}

// places returns how many attempts may be started, and the subscriptions that
// have had theirs.
func (r *Runner) places() (free int, busy []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, n := range r.underWay {
		if n >= webhooksPerOne {
			busy = append(busy, id)
		}
	}
	return webhooksAtOnce - r.total, busy
}

func (r *Runner) count(subscription int64, change int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total += change
	if r.underWay[subscription] += change; r.underWay[subscription] == 0 {
		delete(r.underWay, subscription)
	}
}

func (r *Runner) start(ctx context.Context, o store.Outgoing) {
	r.count(o.SubscriptionID, 1)
	r.all.Go(func() {
		defer func() {
			r.count(o.SubscriptionID, -1)
			select {
			case r.done <- struct{}{}:
			default:
			}
		}()
		// An attempt that was begun is ended and noted, also when the program
		// stops: it has limits of its own.
		ctx := context.WithoutCancel(ctx)
		ctx, end := r.Trace.Send(ctx, "deliver webhook", deliveryFacts(o)...)
		receipt := attempt(ctx, r.Webhooks, o)
		end(!receipt.Delivered && !receipt.Dropped, receiptFacts(receipt)...)
		if err := r.Store.FinishDelivery(ctx, o, receipt); err != nil {
			r.Log.Error("how a delivery went could not be noted; it will be sent again", "delivery", o.ID, "cause", err)
		}
	})
}

// attempt sends one delivery, unless it is no longer wanted. A panic in it is an
// attempt that failed and ends nothing else.
func attempt(ctx context.Context, sender Sender, o store.Outgoing) (r models.Receipt) {
	if o.Stale != "" {
		return models.Receipt{Dropped: true, Problem: o.Stale}
	}
	defer func() {
		if p := recover(); p != nil {
			slog.Error("panic in a delivery", "delivery", o.ID, "cause", fmt.Sprint(p), "stack", string(debug.Stack()))
			r = models.Receipt{Problem: "Something went wrong in Keyport. The log has the reason."}
		}
	}()
	return sender.Send(ctx, o)
}

// deliveryFacts name a delivery by its numbers. Where it goes and what it says is
// nobody's business.
func deliveryFacts(o store.Outgoing) []tracing.Fact {
	return []tracing.Fact{{Name: "keyport.delivery", Value: o.ID}, {Name: "keyport.subscription", Value: o.SubscriptionID},
		{Name: "keyport.event", Value: o.EventID}, {Name: "keyport.attempt", Value: o.Attempts}}
}

func receiptFacts(r models.Receipt) []tracing.Fact {
	return []tracing.Fact{{Name: "keyport.delivered", Value: r.Delivered}, {Name: "keyport.dropped", Value: r.Dropped}, {Name: "keyport.answer", Value: r.Code}}
}
