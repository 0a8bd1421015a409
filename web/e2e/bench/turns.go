//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// side is one of those that take turns.
type side struct {
	name string
	*child
	load
	perSecond []float64
	cpu       []float64 // microseconds of a call
	calls     int
}

// side puts a load on a server.
func (b *bench) side(name string, c *child, pick picker, status string) *side {
	return &side{name: name, child: c, load: load{address: c.address, pick: pick, status: status, conns: b.conns}}
}

// take lets all sides work in turn, after each has warmed up. Every other turn
// goes backwards, so that nobody always comes first.
func (b *bench) take(ctx context.Context, turns int, sides ...*side) error {
	for _, s := range sides {
		if _, _, err := s.closed(ctx, b.turn/3); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for turn := range turns {
		for i := range sides {
			if turn%2 == 1 {
				i = len(sides) - 1 - i
			}
			if err := sides[i].turn(ctx, b.turn); err != nil {
				return fmt.Errorf("%s: %w", sides[i].name, err)
			}
		}
	}
	return nil
}

func (s *side) turn(ctx context.Context, d time.Duration) error {
	before, err := s.child.cpu()
	if err != nil {
		return err
	}
	perSecond, calls, err := s.closed(ctx, d)
	if err != nil {
		return err
	}
	after, err := s.child.cpu()
	if err != nil {
		return err
	}
	if calls == 0 {
		return errors.New("no call in a turn: there are too few keys for its length")
	}
	s.perSecond, s.cpu = append(s.perSecond, perSecond), append(s.cpu, float64((after-before).Microseconds())/float64(calls))
	s.calls += calls
	return nil
}

// rate is how often a side was asked in a second, against another.
func (s *side) rate(than *side) float64 { return median(ratios(s.perSecond, than.perSecond)) }

// work is how much of the processors a call took, against another.
func (s *side) work(than *side) float64 { return median(ratios(s.cpu, than.cpu)) }

// figures are what the ratios come from.
func figures(sides ...*side) (text string) {
	for i, s := range sides {
		if i > 0 {
			text += "; "
		}
		text += fmt.Sprintf("%s %.0f/s, %.1f µs", s.name, median(s.perSecond), median(s.cpu))
	}
	return text
}

// answerOf asks once and returns the whole answer.
func answerOf(c *child, key string) (a answer, err error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+c.address+"/verify/"+service, nil)
	if err != nil {
		return a, err
	}
	r.Header.Set("X-Api-Key", key)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

// keyport starts Keyport on a large database, and returns what it answers to a
// good key.
func (b *bench) keyport(ctx context.Context, e engine) (*child, answer, error) {
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return nil, answer{}, err
	}
	c, err := b.start(ctx, order{Kind: "keyport", Engine: e, URL: b.large[e].url})
	if err != nil {
		return nil, answer{}, err
	}
	a, err := answerOf(c, string(secrets[:30]))
	if err == nil && a.Status != http.StatusOK {
		err = fmt.Errorf("a good key is answered with %d", a.Status)
	}
	if err == nil {
		err = b.awaitCache(c, string(secrets[:30]))
	}
	if err != nil {
		c.stop()
	}
	return c, a, err
}

// pair starts Keyport, and a server that gives the same answer to a good key
// without any check.
func (b *bench) pair(ctx context.Context, e engine) (keyport, nothing *child, err error) {
	keyport, a, err := b.keyport(ctx, e)
	if err != nil {
		return nil, nil, err
	}
	if nothing, err = b.start(ctx, order{Kind: "bare", Answer: a}); err != nil {
		keyport.stop()
	}
	return keyport, nothing, err
}

// awaitCache asks until an answer comes out of the cache: it waits for the feed
// of changes.
func (b *bench) awaitCache(c *child, key string) error {
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if _, err := answerOf(c, key); err != nil {
			return err
		}
		if r, err := c.ask("usage"); err != nil || r.Cached > 0 {
			return err
		}
	}
	return fmt.Errorf("the cache of %s never answered", c.address)
}
