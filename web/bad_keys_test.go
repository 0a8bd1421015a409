package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestBadKeys(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)
	b := newBadKeys(func() time.Time { return now })
	for n := range badKeysPerMinute {
		if b.count(fmt.Sprintf("192.0.2.%d", n)) != nil {
			t.Fatalf("wrong key %d of the network was too many", n+1)
		}
	}
	refusal := b.count("192.0.2.200")
	if refusal == nil || refusal.Kind != models.TooMany || refusal.RetryAfter != time.Second {
		t.Fatalf("refusal = %+v, want to wait a second", refusal)
	}
	if b.count("198.51.100.1") != nil || b.count("2001:db8::1") != nil {
		t.Error("another network waits too")
	}
	now = now.Add(time.Second)
	if b.count("192.0.2.1") != nil || b.count("192.0.2.1") == nil {
		t.Error("want one wrong key a second from a network at its limit")
	}
}

// The table does not grow beyond its bound, and a network at its limit can't be
// pushed out of it.
func TestBadKeysAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)
	b := newBadKeys(func() time.Time { return now })
	for range badKeysPerMinute + 1 {
		b.count("192.0.2.1")
	}
	for n := range 3 * badKeyNetworks {
		b.count(fmt.Sprintf("10.%d.%d.1", n/250, n%250))
	}
	if got := len(b.networks); got > badKeyNetworks {
		t.Errorf("%d networks are remembered, want at most %d", got, badKeyNetworks)
	}
	if b.count("192.0.2.1") == nil {
		t.Error("a network at its limit was let off")
	}
	now = now.Add(time.Hour)
	b.count("203.0.113.1")
	if got := len(b.networks); got != 1 {
		t.Errorf("%d networks are remembered after an hour of rest, want the one that is there", got)
	}
}

// Whether a network is at its limit can be asked without counting, and is over
// when the network may go on.
func TestBadKeysOver(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)
	b := newBadKeys(func() time.Time { return now })
	for range badKeysPerMinute {
		if b.over("192.0.2.1") {
			t.Fatal("a network is over its limit before it reached it")
		}
		b.count("192.0.2.1")
	}
	if !b.over("192.0.2.1") || !b.over("192.0.2.99") || b.over("198.51.100.1") || b.over("2001:db8::1") {
		t.Error("want the network over its limit, and no other one")
	}
	if len(b.networks) != 1 {
		t.Errorf("%d networks are remembered, although only one was counted", len(b.networks))
	}
	now = now.Add(time.Second)
	for range 3 {
		if b.over("192.0.2.1") {
			t.Error("the network is over its limit after a second")
		}
	}
	if b.count("192.0.2.1") != nil || b.count("192.0.2.1") == nil || !b.over("192.0.2.1") {
		t.Error("to ask has counted")
	}
}
