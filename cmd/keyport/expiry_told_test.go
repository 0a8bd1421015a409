//go:build unix

package main

import (
	"fmt"
	"strings"
	"time"
)

// wantQuiet waits until nothing is left to tell or to send.
func (c *siege) wantQuiet() {
	c.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var due, unseen, pending int
		if err := c.db.QueryRow(`SELECT (SELECT count(*) FROM api_keys WHERE notice_at <= $1), (SELECT h.event_id - f.event_id FROM audit_head h, fan_out f),
			(SELECT count(*) FROM deliveries WHERE state = 'pending')`, time.Now().UTC().Truncate(time.Microsecond)).Scan(&due, &unseen, &pending); err != nil {
			c.Fatal(err)
		}
		if due+unseen+pending == 0 {
			return
		}
		if time.Now().After(deadline) {
			c.Fatalf("%d keys, %d events and %d deliveries are left over", due, unseen, pending)
		}
	}
}

// expiryEvents are the events that were raised, by id, with their categories.
func (c *siege) expiryEvents() map[int64]string {
	c.Helper()
	rows, err := c.db.Query("SELECT id, category FROM events WHERE category IN ('ApiKeyExpired', 'ApiKeyExpiryTenDayWarning', 'ApiKeyExpiryTwentyDayWarning')")
	if err != nil {
		c.Fatal(err)
	}
	defer rows.Close()
	events := map[int64]string{}
	for rows.Next() {
		var id int64
		var category string
		if err := rows.Scan(&id, &category); err != nil {
			c.Fatal(err)
		}
		events[id] = category
	}
	return events
}

// wantEachToldOnce checks that there is one event for each key.
func (c *siege) wantEachToldOnce() {
	c.Helper()
	var keys int
	if err := c.db.QueryRow("SELECT count(DISTINCT document_id) FROM events WHERE category LIKE 'ApiKeyExpir%'").Scan(&keys); err != nil {
		c.Fatal(err)
	}
	byCategory, events := map[string]int{}, c.expiryEvents()
	for _, category := range events {
		byCategory[category]++
	}
	if third := len(c.keys) / 3; keys != len(c.keys) || len(events) != len(c.keys) || len(byCategory) != 3 || byCategory["ApiKeyExpired"] != third {
		c.Errorf("of %d keys, %d have %d events: %v", len(c.keys), keys, len(events), byCategory)
	}
}

// wantEachDelivered checks that everything was sent to whom it concerns, and to
// nobody else.
func (c *siege) wantEachDelivered() {
	c.Helper()
	c.hooks.mu.Lock()
	defer c.hooks.mu.Unlock()
	c.letters.mu.Lock()
	defer c.letters.mu.Unlock()
	hooks, mails, again := 0, 0, -len(c.hooks.times)-len(c.letters.times)
	for id, category := range c.expiryEvents() {
		want := []string{fmt.Sprintf("/all evt_%d_2", id)}
		if category == "ApiKeyExpired" {
			want = append(want, fmt.Sprintf("/expired evt_%d_3", id))
		}
		for _, w := range want {
			if hooks++; c.hooks.times[w] == 0 || c.hooks.about[w] != fmt.Sprintf("Events-%d", id) {
				c.Errorf("%s came %d times, about %q", w, c.hooks.times[w], c.hooks.about[w])
			}
		}
		if mails++; c.letters.times[fmt.Sprintf("<evt_%d_1-1@example.com>", id)] == 0 {
			c.Errorf("no letter came about event %d", id)
		}
	}
	if len(c.hooks.times) != hooks || len(c.letters.times) != mails {
		c.Errorf("%d webhooks and %d letters came, want %d and %d", len(c.hooks.times), len(c.letters.times), hooks, mails)
	}
	for _, times := range []map[string]int{c.hooks.times, c.letters.times} {
		for _, n := range times {
			again += n
		}
	}
	if wrong := append(c.hooks.wrong, c.letters.wrong...); len(wrong) > 0 {
		c.Error(strings.Join(wrong, "\n"))
	}
	c.Logf("%d processes were killed; %d webhooks and %d letters came, and %d of them a second time", c.kills, hooks, mails, again)
}
