package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var discard = slog.New(slog.DiscardHandler)

// A job that fails, and one that panics, is run again; others don't notice.
func TestJobsGoOn(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var failing, panicking, working atomic.Int32
	ctx, cancel := context.WithCancel(context.Background())
	wait := start(ctx, slog.New(slog.NewTextHandler(&log, nil)), []job{
		{"failing", time.Millisecond, func(context.Context) error { failing.Add(1); return errors.New("no luck") }},
		{"panicking", time.Millisecond, func(context.Context) error { panicking.Add(1); panic("ouch") }},
		{"working", time.Millisecond, func(context.Context) error { working.Add(1); return nil }},
	})
	for deadline := time.Now().Add(10 * time.Second); failing.Load() < 3 || panicking.Load() < 3 || working.Load() < 3; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a job was not run three times")
		}
	}
	cancel()
	wait()
	ran := working.Load()
	time.Sleep(20 * time.Millisecond)
	if working.Load() != ran {
		t.Error("a job was run after the end")
	}
	for _, want := range []string{"job=failing cause=\"no luck\"", "job=panicking cause=\"panic: ouch"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}

func TestJobPause(t *testing.T) {
	t.Parallel()
	j := job{every: 20 * time.Second}
	shortest, longest := j.every, j.every
	for range 1000 {
		pause := j.pause()
		shortest, longest = min(shortest, pause), max(longest, pause)
	}
	if shortest < 18*time.Second || longest > 22*time.Second || longest-shortest < time.Second {
		t.Errorf("got pauses from %s to %s, want 18 to 22 seconds, spread", shortest, longest)
	}
}

// A failure that comes from the end of the program is not worth a word.
func TestJobEndsQuietly(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	wait := start(ctx, slog.New(slog.NewTextHandler(&log, nil)), []job{{"waiting", time.Millisecond, func(ctx context.Context) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}}})
	<-started
	cancel()
	wait()
	if log.Len() > 0 {
		t.Errorf("got %s", log.String())
	}
}
