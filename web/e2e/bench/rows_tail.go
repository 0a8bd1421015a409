//go:build unix

package main

import (
	"context"
	"os"
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
	keyport, nothing, err := b.pair(ctx, postgres)
	if err != nil {
		return err
	}
	defer keyport.stop()
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
