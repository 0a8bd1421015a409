//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
)

// ladder compares ways of checking a key with a handler that checks nothing.
func ladder(ctx context.Context, b *bench) error {
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return err
	}
	keyport, a, err := b.keyport(ctx, postgres)
	if err != nil {
		return err
	}
	keyport.stop()
	kinds := []string{"bare", "compact table", "table of pointers", "raw look-up", "gorm", "update", "PBKDF2"}
	var sides []*side
	for _, kind := range kinds {
		c, err := b.start(ctx, order{Kind: kind, Engine: postgres, URL: b.large[postgres].url, Secrets: b.secrets, Keys: b.keys, Answer: a})
		if err != nil {
			return err
		}
		defer c.stop()
		sides = append(sides, b.side(kind, c, some(secrets, b.cached), "200"))
	}
	one := []*side{b.side("compact table, one key", sides[1].child, hot(secrets), "200"), b.side("table of pointers, one key", sides[2].child, hot(secrets), "200")}
	if err := b.take(ctx, (b.turns+1)/2, append(sides, one...)...); err != nil {
		return err
	}
	for _, s := range append(one, sides[1:]...) {
		name := s.name
		if s != one[0] && s != one[1] {
			name = fmt.Sprintf("%s, %d keys", s.name, b.cached)
		}
		b.add("for comparison, "+name+": requests per second", percent(s.rate(sides[0])), "", "%s", figures(s, sides[0]))
	}
	rate := median(sides[2].perSecond) / 2
	slow, err := b.tails(ctx, rate, sides[2].load, sides[1].load)
	if err != nil {
		return err
	}
	b.add("for comparison, 99th percentile: table of pointers against compact one", times(median(ratios(slow[0], slow[1]))), "", "at %.0f/s: %s, %s", rate, short(ofMedian(slow[0])), short(ofMedian(slow[1])))
	return nil
}
