package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/tracing"
)

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

// noteAll notes how attempts went, those together that end together, until no more
// are made.
func (r *Runner) noteAll(ctx context.Context) {
	var later sync.WaitGroup
	defer later.Wait()
	for first := range r.ended {
		list := []store.Attempt{first}
		for len(r.ended) > 0 {
			list = append(list, <-r.ended)
		}
		if r.Store.FinishDeliveries(context.WithoutCancel(ctx), list) == nil {
			r.noted(ctx, list...)
			continue
		}
		for _, a := range list { // what is wrong with one is nothing to the others
			later.Go(func() { r.noteOne(ctx, a) })
		}
	}
}

// noteOne notes an attempt by itself, and tries that for a while.
func (r *Runner) noteOne(ctx context.Context, a store.Attempt) {
	err := r.held.insist(ctx, func(ctx context.Context) error { return r.Store.FinishDelivery(ctx, a.Outgoing, a.Receipt) })
	if err != nil {
		r.Log.Error("how a delivery went could not be noted; it will be sent again", "delivery", a.ID, "cause", err)
	}
	r.noted(ctx, a)
}

// noted lets others have the places of attempts.
func (r *Runner) noted(ctx context.Context, list ...store.Attempt) {
	for _, a := range list {
		r.held.forget(a.Delivery)
	}
	r.places.noted(len(list))
	r.begin(ctx)
	r.wake()
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
