//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/keyport/keyport/models"
)

// subscriptions is how many an event goes out to.
const subscriptions = 20

// fanOut measures how long it takes to make the deliveries of events, and how
// much memory.
func fanOut(ctx context.Context, b *bench) error {
	for _, e := range engines {
		d := b.small[e]
		if err := b.subscribe(ctx, d); err != nil {
			return err
		}
		if err := d.appendEvents(ctx, b.fanned); err != nil {
			return err
		}
		r, err := b.task(ctx, d, "fan-out")
		if err != nil {
			return err
		}
		made, err := d.count("SELECT count(*) FROM deliveries")
		if err != nil {
			return err
		}
		if made != b.fanned*subscriptions {
			return fmt.Errorf("%d deliveries were made, want %d", made, b.fanned*subscriptions)
		}
		b.add(fmt.Sprintf("%d events to %d subscriptions, %s", b.fanned, subscriptions, e), short(r.Took), "", "%d deliveries, %s for each; at most %s of memory", made, short(r.Took/time.Duration(made)), megabytes(r.Peak))
	}
	return nil
}

// subscribe makes the subscriptions, and leaves aside what happened before.
func (b *bench) subscribe(ctx context.Context, d database) error {
	s, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range subscriptions {
		if _, err := s.CreateSubscription(console(ctx), models.SubscriptionWish{Name: fmt.Sprint("Receiver ", i), WebhookURL: "https://example.com/hook"}); err != nil {
			return err
		}
	}
	return d.exec("UPDATE fan_out SET event_id = (SELECT event_id FROM audit_head)")
}

// audit measures how long it takes to check the whole trail.
func audit(ctx context.Context, b *bench) error {
	for _, e := range engines {
		d := b.large[e]
		if err := d.appendEvents(ctx, b.events); err != nil {
			return err
		}
		r, err := b.task(ctx, d, "audit")
		if err != nil {
			return err
		}
		goal := ""
		if b.events == full.events {
			goal = "≤ 30 s"
		}
		b.add(fmt.Sprintf("audit verify, %d events, %s", r.Count, e), short(r.Took), goal, "at most %s of memory", megabytes(r.Peak))
	}
	return nil
}

var eventColumns = []string{"id", "category", "occurred_at", "user_id", "username", "identified_by", "address", "user_agent", "request_id", "message", "refs", "document_type", "document_id", "mac", "mac_key"}

// appendEvents continues the trail: mostly sign-ins of the last 90 days.
func (d database) appendEvents(ctx context.Context, n int) error {
	db, err := d.past()
	if err != nil {
		return err
	}
	defer db.Close()
	var head models.AuditHead
	if err := db.QueryRow("SELECT event_id, mac FROM audit_head").Scan(&head.EventID, &head.MAC); err != nil {
		return err
	}
	ring, start := keyring(), time.Now().UTC().Add(-90*24*time.Hour).Truncate(time.Microsecond)
	step := (90 * 24 * time.Hour / time.Duration(n)).Truncate(time.Microsecond)
	err = d.load(ctx, db, "events", eventColumns, n, func(i int) []any {
		e := signIn(i, start.Add(time.Duration(i)*step))
		e.ID = head.EventID + 1
		refs, _ := json.Marshal(e.References)
		key := ring.ChainKey()
		head = models.AuditHead{EventID: e.ID, MAC: ring.Chain(key, head.MAC, e.ChainedBytes(string(refs), ""))}
		return []any{e.ID, string(e.Category), d.moment(e.OccurredAt), *e.UserID, e.Username, e.IdentifiedBy, e.Address, e.UserAgent, e.RequestID, e.Message, string(refs), e.DocumentType, e.DocumentID, head.MAC, key}
	})
	if err != nil {
		return err
	}
	if _, err := db.Exec("UPDATE audit_head SET event_id = $1, mac = $2", head.EventID, head.MAC); err != nil || d.engine == sqlite {
		return err
	}
	_, err = db.Exec("ANALYZE events")
	return err
}

func signIn(i int, at time.Time) models.Event {
	user := int64(1000 + i*7919%997)
	name := fmt.Sprint("user-", user)
	return models.Event{Category: models.LoginSucceeded, OccurredAt: at, UserID: &user, Username: name, IdentifiedBy: "Session cookie", Address: "192.0.2.7",
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", RequestID: fmt.Sprint("request-", i), Message: name + " signed in",
		References: []models.Reference{{DocumentID: models.UserID(user), Length: len(name)}}, DocumentType: models.DocumentUsers, DocumentID: models.UserID(user)}
}

// count and exec ask past the store.
func (d database) count(query string) (n int, err error) {
	db, err := d.past()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.QueryRow(query).Scan(&n)
	return n, err
}

func (d database) exec(statement string) error {
	db, err := d.past()
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}
