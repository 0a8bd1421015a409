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
	noticeLease   = 10 * time.Minute // for all that are claimed at once
	noticeTime    = 5 * time.Minute  // after which what is not sent yet is given back: the last letter has half a minute of its own
	noticePeriod  = time.Second
)

// Notices mails events to people: each at once, or those of a while together.
type Notices struct {
	Store     *store.Store
	Mailer    func(ctx context.Context) (*Mailer, error) // nil while no mail server is set up
	PublicURL *url.URL
	Log       *slog.Logger
	Trace     *tracing.Tracer // nil for none
}

// Run mails what is due until ctx is done.
func (n *Notices) Run(ctx context.Context) {
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
	claimed, err := n.Store.ClaimDeliveries(ctx, models.ChannelEmail, noticesAtOnce, noticeLease)
	if err != nil {
		return err
	}
	begun := time.Now()
	letters := digests(claimed)
	for i, letter := range letters {
		if ctx.Err() != nil || time.Since(begun) > noticeTime {
			return n.giveBack(ctx, letters[i:])
		}
		sending, end := n.Trace.Send(context.WithoutCancel(ctx), "deliver mail", append(deliveryFacts(letter[0]), tracing.Fact{Name: "keyport.events", Value: len(letter)})...)
		receipt := n.send(sending, mailer, letter)
		end(!receipt.Delivered && !receipt.Dropped, receiptFacts(receipt)...)
		for _, o := range letter {
			if err := n.Store.FinishDelivery(context.WithoutCancel(ctx), o, receipt); err != nil {
				n.Log.Error("how mail went could not be noted; it will be sent again", "delivery", o.ID, "cause", err)
			}
		}
	}
	return nil
}

// giveBack returns what could not be sent in time, or because the program ends,
// so that it waits for nobody's lease.
func (n *Notices) giveBack(ctx context.Context, letters [][]store.Outgoing) error {
	return n.Store.ReleaseDeliveries(context.WithoutCancel(ctx), slices.Concat(letters...))
}

// digests puts together what goes to one reader by one subscription, up to a
// hundred events in each; what is stale goes with nothing else.
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
		most := models.MaxDigest
		if gathered[key][0].Subscription.EmailEvery <= 0 {
			most = 1
		}
		letters = slices.AppendSeq(letters, slices.Chunk(gathered[key], most))
	}
	return letters
}

// send mails one letter.
func (n *Notices) send(ctx context.Context, mailer *Mailer, letter []store.Outgoing) models.Receipt {
	first := letter[0]
	if first.Stale != "" {
		return models.Receipt{Dropped: true, Problem: first.Stale}
	}
	unsubscribe := n.PublicURL.JoinPath("unsubscribe")
	unsubscribe.RawQuery = url.Values{"token": {n.Store.UnsubscribeToken(first.RecipientID, first.SubscriptionID)}}.Encode()
	mail := n.words(letter)
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
