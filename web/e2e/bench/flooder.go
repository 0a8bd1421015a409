//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// floodOrder says what a flooder is to send.
type floodOrder struct {
	Address string
	Pick    string // names one of floodPicks
	Status  string // that each answer must have, "" for any
	Conns   int
	Rate    float64 // calls in a second
	For     time.Duration
}

// floodPicks make the keys of floods, from the keys that open something.
var floodPicks = map[string]func(secrets []byte) picker{
	"hot":      hot,
	"nonsense": func([]byte) picker { return nonsense },
	"unknown":  func([]byte) picker { return unknown },
}

// startFlooder starts a process that floods servers. Whoever floods does so from
// other machines, so what it takes to send comes last on this one: it is to slow
// down neither the server nor the calls that are measured, but by what the server
// has to do for it.
func (b *bench) startFlooder(ctx context.Context) (*child, error) {
	text, err := json.Marshal(order{Kind: "flooder", Secrets: b.secrets})
	if err != nil {
		return nil, err
	}
	return startCommand(exec.CommandContext(ctx, "nice", "-n", "19", b.program, serveCommand, string(text)), "flooder")
}

// flood lets a flooder work and returns how many of its calls were answered in a
// second.
func (c *child) flood(o floodOrder) (float64, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return 0, err
	}
	r, err := c.ask(floodRequest + string(text))
	return float64(r.Count) / o.For.Seconds(), err
}

const floodRequest = "flood "

// flood is what a flooder does.
func (w *worker) flood(ctx context.Context, text string) (r report, err error) {
	var o floodOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return r, err
	}
	secrets, err := os.ReadFile(w.Secrets)
	if err != nil {
		return r, err
	}
	pick := floodPicks[o.Pick]
	if pick == nil {
		return r, fmt.Errorf("unknown flood %q", o.Pick)
	}
	took, err := load{address: o.Address, pick: pick(secrets), status: o.Status, conns: o.Conns}.open(ctx, o.Rate, o.For)
	r.Count = len(took)
	return r, err
}
