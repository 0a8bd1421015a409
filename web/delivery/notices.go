package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"

	smtp "github.com/wneessen/go-mail"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/tracing"
)

// Limits of the mail that goes out at once.
const (
	noticesAtOnce = 4 * models.MaxDigest
	noticeTime    = time.Minute // after which what is not begun yet is given back, to whoever has time
	noticePeriod  = time.Second
)

// Notices mails events to people: each at once, or those of a while together.
type Notices struct {
	Store     *store.Store
	Mailer    func(ctx context.Context) (*Mailer, error) // nil while no mail server is set up
	PublicURL *url.URL
	Log       *slog.Logger
	Trace     *tracing.Tracer // nil for none
	Lease     time.Duration   // of what is claimed; 0 for a minute

	held *held
}

// Run mails what is due until ctx is done. It is called once.
func (n *Notices) Run(ctx context.Context) {
	n.held = newHeld(n.Store, n.Lease, n.Log)
	defer n.held.keep()()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		wait := noticePeriod
		if err := n.once(ctx); err != nil && ctx.Err() == nil {
			n.Log.Error("mail rests for a moment", "cause", err)
			wait = runnerFaultWait
		}
		timer.Reset(wait)
	}
}

// once takes what is due and mails it, as long as there is a server to mail by.
func (n *Notices) once(ctx context.Context) error {
	mailer, err := n.Mailer(ctx)
	if err != nil || mailer == nil {
		return err
	}
	asked := n.Store.Now()
	claimed, err := n.Store.ClaimDeliveries(ctx, models.ChannelEmail, noticesAtOnce, n.held.lease)
	if err != nil {
		return err
	}
	n.held.add(asked, rows(claimed)...)
	begun := time.Now()
	letters := digests(claimed)
	for i, told := range letters {
		if ctx.Err() != nil || time.Since(begun) > noticeTime {
			n.held.giveBack(ctx, rows(slices.Concat(letters[i:]...))...)
			return nil
		}
		l, err := n.gather(ctx, told)
		if err != nil {
			n.held.giveBack(ctx, rows(slices.Concat(letters[i:]...))...)
			return err
		}
		n.deliver(ctx, mailer, l)
	}
	return nil
}

// deliver mails a letter, if all of it is still this process's, and notes how that
// went.
func (n *Notices) deliver(ctx context.Context, mailer *Mailer, l letter) {
	if !n.held.has(l.all()...) {
		n.Log.Warn("mail was not sent, because its claim was not renewed in time", "delivery", l.told[0].ID)
		n.held.giveBack(ctx, l.all()...)
		return
	}
	sending, end := n.Trace.Send(context.WithoutCancel(ctx), "deliver mail", append(deliveryFacts(l.told[0]), tracing.Fact{Name: "keyport.events", Value: len(l.told) + len(l.rest)})...)
	receipt := n.send(sending, mailer, l)
	end(!receipt.Delivered && !receipt.Dropped, receiptFacts(receipt)...)
	err := n.held.insist(ctx, func(ctx context.Context) error { return n.Store.FinishLetter(ctx, l.told, l.rest, receipt) })
	if err != nil {
		n.Log.Error("how mail went could not be noted; it will be sent again", "delivery", l.told[0].ID, "cause", err)
	}
	n.held.forget(l.all()...)
}

// rows are deliveries without what they are about.
func rows(list []store.Outgoing) []models.Delivery {
	all := make([]models.Delivery, len(list))
	for i, o := range list {
		all[i] = o.Delivery
	}
	return all
}

// letter is what goes to one reader at once: events that it tells of, and those
// that it counts.
type letter struct {
	told []store.Outgoing
	rest []models.Delivery
}

// all are its deliveries.
func (l letter) all() []models.Delivery { return append(rows(l.told), l.rest...) }

// last is when the newest of its events came to be sent.
func (l letter) last() time.Time {
	if n := len(l.rest); n > 0 {
		return l.rest[n-1].CreatedAt
	}
	return l.told[len(l.told)-1].CreatedAt
}

// gather adds what else is due for a reader to what was claimed for him. What is
// stale goes with nothing else.
func (n *Notices) gather(ctx context.Context, told []store.Outgoing) (letter, error) {
	l := letter{told: told}
	if told[0].Stale != "" || told[0].Subscription.EmailEvery <= 0 {
		return l, nil
	}
	asked := n.Store.Now()
	more, err := n.Store.ClaimDigest(ctx, told[0], n.held.lease)
	if err != nil {
		return l, err
	}
	n.held.add(asked, more...)
	for len(more) > 0 && len(l.told) < models.MaxDigest {
		some := more[:min(len(more), models.MaxDigest-len(l.told))]
		read, err := n.Store.Outgoing(ctx, some...)
		if err == nil {
			l.told, err = n.add(ctx, l.told, read)
		}
		if err != nil {
			n.held.giveBack(ctx, append(rows(l.told[len(told):]), more...)...)
			return l, err
		}
		more = more[len(some):]
	}
	most := min(len(l.told), models.MaxDigest)
	for _, o := range l.told[most:] {
		l.rest = append(l.rest, o.Delivery)
	}
	l.told, l.rest = l.told[:most], append(l.rest, more...)
	return l, nil
}

// add adds what is still wanted to what a letter tells of, and ends the rest.
func (n *Notices) add(ctx context.Context, told, read []store.Outgoing) ([]store.Outgoing, error) {
	for _, o := range read {
		if o.Stale == "" {
			told = append(told, o)
			continue
		}
		if err := n.Store.FinishDelivery(ctx, o, models.Receipt{Dropped: true, Problem: o.Stale}); err != nil {
			return told, err
		}
		n.held.forget(o.Delivery)
	}
	return told, nil
}

// digests puts together what goes to one reader by one subscription, unless it
// sends each event by itself; what is stale goes with nothing else.
func digests(claimed []store.Outgoing) [][]store.Outgoing {
	type reader struct {
		subscription, user int64
		stale              string
	}
	var order []reader
	gathered := map[reader][]store.Outgoing{}
	for _, o := range claimed {
		key := reader{o.SubscriptionID, o.RecipientID, o.Stale}
		if gathered[key] == nil {
			order = append(order, key)
		}
		gathered[key] = append(gathered[key], o)
	}
	var letters [][]store.Outgoing
	for _, key := range order {
		if gathered[key][0].Subscription.EmailEvery > 0 {
			letters = append(letters, gathered[key])
			continue
		}
		letters = slices.AppendSeq(letters, slices.Chunk(gathered[key], 1))
	}
	return letters
}

// send mails one letter.
func (n *Notices) send(ctx context.Context, mailer *Mailer, l letter) models.Receipt {
	first := l.told[0]
	if first.Stale != "" {
		return models.Receipt{Dropped: true, Problem: first.Stale}
	}
	unsubscribe := n.PublicURL.JoinPath("unsubscribe")
	unsubscribe.RawQuery = url.Values{"token": {n.Store.UnsubscribeToken(first.RecipientID, first.SubscriptionID)}}.Encode()
	mail := n.words(l)
	mail.Unsubscribe = unsubscribe.String()
	begun := time.Now()
	err := mailer.SendEnveloped(ctx, first.Recipient.Email, mail, Envelope{
		ID: fmt.Sprintf("%s-%d", MessageID(first), first.RecipientID), List: fmt.Sprintf("subscription-%d", first.SubscriptionID), Priority: first.Subscription.EmailPriority})
	return mailReceipt(err, time.Since(begun))
}

// mailReceipt judges what the mail server said. What it wrote stays in the log
// of that server: it may name other people.
func mailReceipt(err error, took time.Duration) models.Receipt {
	r := models.Receipt{Delivered: err == nil, Took: took, Code: 250}
	if err == nil {
		return r
	}
	r.Code, r.Problem = 0, "The mail server could not be reached, or broke the connection off."
	var refused *smtp.SendError
	if errors.As(err, &refused) && refused.ErrorCode() > 0 {
		r.Code, r.Problem = refused.ErrorCode(), fmt.Sprintf("The mail server answered %d.", refused.ErrorCode())
	}
	var final *Undeliverable
	if errors.As(err, &final) {
		r.GiveUp = true
		if r.Code == 0 {
			r.Problem = "The recipient's e-mail address can't be used. Correct it."
		}
	}
	return r
}
