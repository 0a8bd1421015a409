package delivery

import (
	"context"
	"slices"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Limits of what is claimed ahead of its turn, so that a receiver that answers at
// once need not wait for the database each time.
const (
	claimedAtOnce = 64
	enoughAhead   = 32          // in all, while no place is free
	enoughForOne  = 32          // to one receiver
	freshFor      = time.Second // what was read of a delivery longer ago is read again before it is sent
	walkPause     = 10          // times as long as the last walk took, see moreDue
)

// takeWebhooks claims what is due and starts what has a place, until enough wait
// or nothing more is due.
func (r *Runner) takeWebhooks(ctx context.Context) error {
	for ctx.Err() == nil && !r.places.full() {
		supplied := r.supplied()
		if !r.moreDue(supplied) {
			return nil
		}
		if err := r.claim(ctx, supplied); err != nil {
			r.news.Store(true)
			return err
		}
		r.begin(ctx)
	}
	return nil
}

// claim takes some of what is due, but for subscriptions that are supplied.
func (r *Runner) claim(ctx context.Context, supplied []int64) error {
	asked, read := r.Store.Now(), time.Now()
	claimed, err := r.Store.ClaimDeliveries(ctx, models.ChannelWebhook, claimedAtOnce, r.held.lease, supplied...)
	if err != nil {
		return err
	}
	if r.leftOut = supplied; len(supplied) > 0 {
		r.walkedAt, r.walkTook = time.Now(), time.Since(read)
	}
	if len(claimed) == claimedAtOnce {
		r.news.Store(true) // there may be more
	}
	for _, o := range claimed {
		receiver := receiverOf(o.Subscription)
		r.receivers[o.SubscriptionID] = receiver
		r.held.add(asked, o.Delivery)
		r.places.add(&queued{o, receiver, read})
	}
	return nil
}

// supplied are the subscriptions whose receivers have enough to do.
func (r *Runner) supplied() (list []int64) {
	for id, receiver := range r.receivers {
		if r.places.supplied(receiver) {
			list = append(list, id)
		}
	}
	return list
}

// moreDue reports that a claim may bring something: whoever was left out of the
// last one has not enough to do any more, or something may have come due. With
// subscriptions to leave out, the database walks over all that waits for them, so
// that is asked for a small part of the time.
func (r *Runner) moreDue(supplied []int64) bool {
	switch {
	case slices.ContainsFunc(r.leftOut, func(id int64) bool { return !slices.Contains(supplied, id) }):
		return true
	case len(supplied) > 0 && time.Since(r.walkedAt) < walkPause*r.walkTook:
		return false
	}
	return r.news.Swap(false)
}

// begin starts what waits and has a place.
func (r *Runner) begin(ctx context.Context) {
	for _, q := range r.places.take() {
		go func() {
			defer r.places.begun.Done()
			made := r.attempt(ctx, q)
			r.places.leave(q.receiver)
			if made != nil {
				r.ended <- *made
			} else {
				r.places.noted(1)
			}
			r.begin(ctx)
			r.wake()
		}()
	}
}

// attempt makes one attempt, if the delivery is still this process's. What was
// begun is ended and noted, also when the program stops: it has limits of its own.
func (r *Runner) attempt(ctx context.Context, q *queued) *store.Attempt {
	ctx = context.WithoutCancel(ctx)
	o, err := r.fresh(ctx, q)
	if err != nil || !r.held.has(o.Delivery) {
		r.Log.Warn("a webhook was not sent, and is given back", "delivery", o.ID, "cause", err)
		r.held.giveBack(ctx, o.Delivery)
		return nil
	}
	ctx, end := r.Trace.Send(ctx, "deliver webhook", deliveryFacts(o)...)
	receipt := attempt(ctx, r.Webhooks, o)
	end(!receipt.Delivered && !receipt.Dropped, receiptFacts(receipt)...)
	return &store.Attempt{Outgoing: o, Receipt: receipt}
}

// fresh returns a delivery as it is now: while it waited, its subscription may have
// been disabled, or led elsewhere.
func (r *Runner) fresh(ctx context.Context, q *queued) (store.Outgoing, error) {
	if time.Since(q.read) < freshFor {
		return q.Outgoing, nil
	}
	now, err := r.Store.Outgoing(ctx, q.Delivery)
	if err != nil {
		return q.Outgoing, err
	}
	return now[0], nil
}

// empty gives back what waits for a place.
func (r *Runner) empty(ctx context.Context) {
	var list []models.Delivery
	for _, q := range r.places.empty() {
		list = append(list, q.Delivery)
	}
	r.held.giveBack(ctx, list...)
}
