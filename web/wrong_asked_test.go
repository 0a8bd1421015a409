package web

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestWrongAsked(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)
	w := wrongAsked{newServiceRates(func() time.Time { return now })}
	for range wrongAskedPerMinute/100 - 1 {
		w.Count("apikeys-1", 100)
	}
	w.Count("apikeys-1", 99)
	if err := w.Check("apikeys-1"); err != nil {
		t.Fatalf("below the limit: %v", err)
	}
	w.Count("apikeys-1", 100)
	refusal := models.Refusal(w.Check("apikeys-1"))
	if refusal == nil || refusal.Kind != models.TooMany || refusal.RetryAfter != time.Second {
		t.Fatalf("refusal = %+v, want to wait a second", refusal)
	}
	if err := w.Check("apikeys-2"); err != nil {
		t.Errorf("another asker waits too: %v", err)
	}
	now = now.Add(time.Second)
	if err := w.Check("apikeys-1"); err != nil {
		t.Errorf("after a second: %v", err)
	}
}
