//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// longest is a time that no load needs.
const longest = 5 * time.Minute

// tail compares the slowest answers at half of the load that Keyport can bear.
func tail(ctx context.Context, b *bench) error {
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return err
	}
	keyport, a, err := b.keyport(ctx, postgres)
	if err != nil {
		return err
	}
	defer keyport.stop()
	nothing, err := b.start(ctx, order{Kind: "bare", Answer: a})
	if err != nil {
		return err
	}
	defer nothing.stop()
	x, y := b.side("Keyport", keyport, hot(secrets), "200"), b.side("bare", nothing, hot(secrets), "200")
	if err := b.take(ctx, 1, x, y); err != nil {
		return err
	}
	rate := x.perSecond[0] / 2
	slow, err := b.tails(ctx, rate, x.load, y.load)
	if err != nil {
		return err
	}
	b.add("99th percentile at half of the load", times(median(ratios(slow[0], slow[1]))), "≤ 2 ×", "at %.0f/s: Keyport %s, bare %s", rate, short(ofMedian(slow[0])), short(ofMedian(slow[1])))
	return nil
}

// tails lets loads take turns at a rate and returns the 99th percentiles of each,
// in nanoseconds.
func (b *bench) tails(ctx context.Context, rate float64, loads ...load) ([][]float64, error) {
	slow := make([][]float64, len(loads))
	for range b.turns {
		for i, l := range loads {
			took, err := l.open(ctx, rate, 2*b.turn)
			if err != nil {
				return nil, err
			}
			slow[i] = append(slow[i], float64(at(took, 0.99)))
		}
	}
	return slow, nil
}

func ofMedian(all []float64) time.Duration { return time.Duration(median(all)) }

// A flood is of so many wrong keys a second, besides so many good ones.
const (
	floodRate = 10_000
	goodRate  = 2000
)

// flood compares the slowest answers to good keys while wrong ones come in with
// those while none do.
func flood(ctx context.Context, b *bench) error {
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return err
	}
	keyport, a, err := b.keyport(ctx, postgres)
	if err != nil {
		return err
	}
	defer keyport.stop()
	nothing, err := b.start(ctx, order{Kind: "bare", Answer: a})
	if err != nil {
		return err
	}
	defer nothing.stop()
	good := load{address: keyport.address, pick: hot(secrets), status: "200", conns: b.conns}
	kinds := []struct {
		name  string
		flood load
	}{
		{"none", load{}},
		{"nonsense", load{address: keyport.address, pick: nonsense, status: "401", conns: b.conns}},
		{"keys that might be right", load{address: keyport.address, pick: unknown, status: "", conns: b.conns}},
		{"as many calls of a bare handler", load{address: nothing.address, pick: hot(secrets), status: "200", conns: b.conns}},
	}
	slow, came := make([][]float64, len(kinds)), make([]float64, len(kinds))
	for range b.turns {
		for i, kind := range kinds {
			p99, n, err := b.beside(ctx, good, kind.flood)
			if err != nil {
				return fmt.Errorf("%s: %w", kind.name, err)
			}
			slow[i], came[i] = append(slow[i], float64(p99)), came[i]+n/float64(b.turns)
		}
	}
	for i, kind := range kinds[1:] {
		goal := "≤ 1.5 ×"
		if i == 2 {
			goal = ""
		}
		b.add(fmt.Sprintf("99th percentile of good keys beside a flood: %s", kind.name), times(median(ratios(slow[i+1], slow[0]))), goal,
			"%d/s good, %.0f/s others; %s, without a flood %s", goodRate, came[i+1], short(ofMedian(slow[i+1])), short(ofMedian(slow[0])))
	}
	return nil
}

// beside returns the 99th percentile of a load while another one runs, and how
// much of that came through in a second.
func (b *bench) beside(ctx context.Context, good, flood load) (p99 time.Duration, came float64, err error) {
	var other sync.WaitGroup
	var failed error
	d := 2 * b.turn
	if flood.conns > 0 {
		other.Go(func() {
			took, err := flood.open(ctx, floodRate, d)
			came, failed = float64(len(took))/d.Seconds(), err
		})
	}
	took, err := good.open(ctx, goodRate, d)
	other.Wait()
	if err == nil {
		err = failed
	}
	return at(took, 0.99), came, err
}
