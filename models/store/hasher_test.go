package store

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/keyport/keyport/models"
)

func TestPHC(t *testing.T) {
	good := phc{costs{8, 1, 1}, []byte("saltsalt"), argon2.IDKey([]byte("é"), []byte("saltsalt"), 1, 8, 1, 32)}.String()
	h := newHasher()
	tests := []struct {
		name, stored, password string
		want                   bool
	}{
		{"right", good, "é", true},
		{"decomposed", good, "e\u0301", true},
		{"wrong", good, "e", false},
		{"empty password", good, "", false},
		{"no hash", "", "é", false},
		{"other function", strings.Replace(good, "argon2id", "argon2i", 1), "é", false},
		{"other version", strings.Replace(good, "v=19", "v=16", 1), "é", false},
		{"too much memory", strings.Replace(good, "m=8", "m=9999999", 1), "é", false},
		{"no passes", strings.Replace(good, "t=1", "t=0", 1), "é", false},
		{"no salt", regexp.MustCompile(`\$[^$]+\$([^$]+)$`).ReplaceAllString(good, "$$$$$1"), "é", false},
		{"cut", good[:len(good)-30], "é", false},
		{"the dummy", h.dummy, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := h.done.Load()
			ok, stale, err := h.matches(t.Context(), tt.stored, tt.password)
			if err != nil || ok != tt.want {
				t.Errorf("matches = %t, %v; want %t", ok, err, tt.want)
			}
			if ok && !stale {
				t.Error("lower costs are not seen as stale")
			}
			if got := h.done.Load() - before; got != 1 {
				t.Errorf("hashes = %d, want 1", got)
			}
		})
	}
	stored, err := h.hash(t.Context(), "é")
	if ok, stale, _ := h.matches(t.Context(), stored, "é"); err != nil || !ok || stale {
		t.Errorf("a new hash: matches %t, stale %t, %v", ok, stale, err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored = %q", stored)
	}
}

// Two work, 32 wait, the next is turned away at once.
func TestHasherQueue(t *testing.T) {
	h := newHasher()
	h.working <- struct{}{}
	h.working <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range parallelHashes + waitingHashes {
		wg.Go(func() {
			if _, err := h.hash(ctx, "p"); !errors.Is(err, context.Canceled) {
				t.Errorf("waiting: error = %v, want canceled", err)
			}
		})
	}
	for deadline := time.Now().Add(5 * time.Second); len(h.admitted) < cap(h.admitted); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the queue does not fill")
		}
	}
	_, err := h.hash(ctx, "p")
	if models.KindOf(err) != models.Unavailable || models.Refusal(err).RetryAfter == 0 {
		t.Errorf("one too many: error = %v, want unavailable", err)
	}
	cancel()
	wg.Wait()
	if got := h.done.Load(); got != 0 {
		t.Errorf("hashes = %d, want none", got)
	}
	<-h.working
	if _, err := h.hash(t.Context(), "p"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
