//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/keyport/keyport/models"
)

// warm compares keys that are in the cache with a handler that checks nothing.
func warm(ctx context.Context, b *bench) error {
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return err
	}
	for _, e := range engines {
		keyport, nothing, err := b.pair(ctx, e)
		if err != nil {
			return err
		}
		defer keyport.stop()
		defer nothing.stop()
		if err := b.compareWarm(ctx, fmt.Sprintf("warm, one key, %s", e), keyport, nothing, hot(secrets)); err != nil {
			return err
		}
		if e == sqlite {
			continue // what is in the cache does not depend on the database
		}
		if err := b.fillCache(ctx, keyport, secrets); err != nil {
			return err
		}
		if err := b.compareWarm(ctx, fmt.Sprintf("warm, %d keys, %s", b.cached, e), keyport, nothing, some(secrets, b.cached)); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) compareWarm(ctx context.Context, name string, keyport, nothing *child, pick picker) error {
	x, y := b.side("Keyport", keyport, pick, "200"), b.side("bare", nothing, pick, "200")
	if err := b.take(ctx, b.turns, x, y); err != nil {
		return err
	}
	b.add(name+": requests per second", percent(x.rate(y)), "≥ 90 %", "%s", figures(x, y))
	b.add(name+": processor per request", times(x.work(y)), "≤ 1.15 ×", "of the server's process")
	return nil
}

// fillCache lets Keyport see each of the keys that are used again and again.
func (b *bench) fillCache(ctx context.Context, keyport *child, secrets []byte) error {
	n := min(b.cached*models.SecretLength, len(secrets))
	_, _, err := load{address: keyport.address, pick: once(secrets[:n], new(atomic.Int64)), status: "200", conns: b.conns}.closed(ctx, longest)
	return err
}

// cold compares keys that are seen for the first time with one look-up.
func cold(ctx context.Context, b *bench) error {
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return err
	}
	for _, e := range engines {
		keyport, a, err := b.keyport(ctx, e)
		if err != nil {
			return err
		}
		defer keyport.stop()
		raw, err := b.start(ctx, order{Kind: "raw look-up", Engine: e, URL: b.large[e].url, Answer: a})
		if err != nil {
			return err
		}
		defer raw.stop()
		var next atomic.Int64 // of both, so that neither finds what the other has just read
		x, y := b.side("Keyport", keyport, once(secrets[30:], &next), "200"), b.side("one look-up", raw, once(secrets[30:], &next), "200")
		x.most = int64(len(secrets)/models.SecretLength-1) / int64(2*b.turns+2) // that there are keys for every turn
		y.most = x.most
		if err := b.take(ctx, b.turns, x, y); err != nil {
			return err
		}
		b.add(fmt.Sprintf("cold, each key once, %s: requests per second", e), percent(x.rate(y)), "≥ 90 %", "%s", figures(x, y))
	}
	return nil
}

// noting compares Keyport with a Keyport that neither counts nor notes.
func noting(ctx context.Context, b *bench) error {
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return err
	}
	program := b.program
	if b.shipped {
		program = b.path("uncounted")
		if err := b.build(ctx, program, "./web/e2e/bench", "-tags=uncounted"); err != nil {
			return err
		}
	}
	keyport, _, err := b.keyport(ctx, postgres)
	if err != nil {
		return err
	}
	defer keyport.stop()
	silent, err := startProgram(ctx, program, order{Kind: "keyport without metrics", Engine: postgres, URL: b.large[postgres].url})
	if err != nil {
		return err
	}
	defer silent.stop()
	x, y := b.side("noted", keyport, hot(secrets), "200"), b.side("not noted", silent, hot(secrets), "200")
	if err := b.take(ctx, 2*b.turns, x, y); err != nil {
		return err
	}
	b.add("last use, counters and metrics: lost requests per second", percent(1-x.rate(y)), "≤ 3 %", "%s", figures(x, y))
	b.add("last use, counters and metrics: processor per request", times(x.work(y)), "≤ 1.03 ×", "of the server's process")
	return nil
}

// refused compares what can't be a key with a handler that checks nothing.
func refused(ctx context.Context, b *bench) error {
	keyport, _, err := b.keyport(ctx, postgres)
	if err != nil {
		return err
	}
	defer keyport.stop()
	a, err := answerOf(keyport, "nonsense")
	if err != nil {
		return err
	}
	nothing, err := b.start(ctx, order{Kind: "bare", Answer: a})
	if err != nil {
		return err
	}
	defer nothing.stop()
	before, err := b.transactions(ctx)
	if err != nil {
		return err
	}
	x, y := b.side("Keyport", keyport, nonsense, "401"), b.side("bare", nothing, nonsense, "401")
	if err := b.take(ctx, b.turns, x, y); err != nil {
		return err
	}
	after, err := b.transactions(ctx)
	if err != nil {
		return err
	}
	b.add("nonsense refused: requests per second", percent(x.rate(y)), "≥ 95 %", "%s; %d transactions in the database meanwhile, the feed's beat among them, for %d refusals", figures(x, y), after-before, x.calls)
	return nil
}
