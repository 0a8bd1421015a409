//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"sync"
)

// A flood is of so many wrong keys a second, besides so many good ones.
const (
	floodRate = 10_000
	goodRate  = 2000

	// floodConns is few: a flooder that had to wait for a processor makes up for it
	// by one call on each connection at the same moment, and what that does to
	// others is its own doing and no server's.
	floodConns = 4
)

// floodCase is a load of good keys with or without a flood beside it.
type floodCase struct {
	name  string
	good  load
	flood floodOrder // none without an address
	alone *floodCase // the same without a flood, nil for one that is
	goal  string

	slow []float64 // 99th percentiles of good keys, in nanoseconds
	came []float64 // of the flood, in a second
}

// flood compares the slowest answers to good keys while wrong ones come in with
// those while none do. What as many more calls do to a handler that checks nothing
// shows what of that is not Keyport's.
func flood(ctx context.Context, b *bench) error {
	keyport, nothing, err := b.pair(ctx, postgres)
	if err != nil {
		return err
	}
	defer keyport.stop()
	defer nothing.stop()
	flooder, err := b.startFlooder(ctx)
	if err != nil {
		return err
	}
	defer flooder.stop()
	cases, err := b.floodCases(keyport.address, nothing.address)
	if err != nil {
		return err
	}
	for range b.turns {
		for _, c := range cases {
			if err := b.beside(ctx, c, flooder); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	for _, c := range cases {
		if c.alone != nil {
			b.add("99th percentile beside a flood: "+c.name, times(median(ratios(c.slow, c.alone.slow))), c.goal,
				"%d/s good, %.0f/s others; %s, without a flood %s", goodRate, median(c.came), short(ofMedian(c.slow)), short(ofMedian(c.alone.slow)))
		}
	}
	return nil
}

func (b *bench) floodCases(keyport, nothing string) ([]*floodCase, error) {
	const goal = "≤ 1.5 ×"
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return nil, err
	}
	at := func(address string) load {
		return load{address: address, pick: hot(secrets), status: "200", conns: b.conns}
	}
	alone, bare := &floodCase{name: "none", good: at(keyport)}, &floodCase{name: "none, bare handler", good: at(nothing)}
	return []*floodCase{
		alone,
		{name: "nonsense", good: at(keyport), flood: floodOrder{Address: keyport, Pick: "nonsense", Status: "401"}, alone: alone, goal: goal},
		{name: "keys that might be right", good: at(keyport), flood: floodOrder{Address: keyport, Pick: "unknown"}, alone: alone, goal: goal},
		bare,
		{name: "as many more calls of a bare handler, beside its own", good: at(nothing), flood: floodOrder{Address: nothing, Pick: "hot", Status: "200"}, alone: bare},
	}, nil
}

// beside takes a turn of a case.
func (b *bench) beside(ctx context.Context, c *floodCase, flooder *child) error {
	var other sync.WaitGroup
	var came float64
	var failed error
	if o := c.flood; o.Address != "" {
		o.Conns, o.Rate, o.For = min(floodConns, b.conns), floodRate, 2*b.turn
		other.Go(func() { came, failed = flooder.flood(o) })
	}
	took, err := c.good.open(ctx, goodRate, 2*b.turn)
	other.Wait()
	c.slow, c.came = append(c.slow, float64(at(took, 0.99))), append(c.came, came)
	if err == nil {
		err = failed
	}
	return err
}
