//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/metrics"
)

// serveCommand makes this program a server. Its order comes as JSON in the next
// argument; each line of its input asks for something, and each line of its
// output answers. It ends with its input.
const serveCommand = "serve"

// service is the one that all keys are presented for.
const service = "billing"

// order says what to serve.
type order struct {
	Kind    string
	Engine  engine `json:",omitempty"`
	URL     string `json:",omitempty"`
	Secrets string `json:",omitempty"` // file of the keys
	Keys    int    `json:",omitempty"` // in a table in memory
	Answer  answer `json:",omitzero"`  // that is given without any check
}

// report tells what a server has used up so far.
type report struct {
	Address string        `json:",omitempty"`
	CPU     time.Duration `json:",omitempty"`
	RSS     int64         `json:",omitempty"` // bytes, now
	Peak    int64         `json:",omitempty"` // bytes, at the most
	Cached  int64         `json:",omitempty"` // good keys that the database was not asked for
	Took    time.Duration `json:",omitempty"`
	Count   int           `json:",omitempty"`
	Pages   []page        `json:",omitempty"`
	Error   string        `json:",omitempty"`
}

func serve(args []string) error {
	var o order
	if err := json.Unmarshal([]byte(args[0]), &o); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w, err := newWorker(ctx, o)
	if err != nil {
		return err
	}
	out, lines := json.NewEncoder(os.Stdout), bufio.NewScanner(os.Stdin)
	first := report{}
	if w.handler != nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go http.Serve(l, w.handler)
		first.Address = l.Addr().String()
	}
	out.Encode(first)
	for lines.Scan() {
		answer, err := w.do(ctx, lines.Text())
		if err != nil {
			answer.Error = err.Error()
		}
		answer.CPU, answer.RSS, answer.Peak = cpuTime(), memory("VmRSS:"), memory("VmHWM:")
		out.Encode(answer)
	}
	return nil
}

// worker is a server's inside.
type worker struct {
	order
	handler http.Handler
	store   *store.Store
	cookies map[string]string // of those who look at pages
}

// barePercent lets the garbage collector run seldom in servers that hold next to
// nothing: with what Keyport has, they would do little else. What they make goes
// round in some megabytes all the same.
const barePercent = 400

func newWorker(ctx context.Context, o order) (*worker, error) {
	web.TuneCollector()
	if o.Kind == "bare" || o.Kind == "raw look-up" {
		debug.SetGCPercent(barePercent)
	}
	w := &worker{order: o, cookies: map[string]string{}}
	var err error
	switch o.Kind {
	case "keyport", "keyport without metrics":
		err = w.keyport(ctx)
	case "flooder":
	case "work":
		w.store, err = database{o.Engine, o.URL}.open(ctx)
	default:
		w.handler, err = lesser(ctx, o)
	}
	return w, err
}

// keyport is the real thing, with a log that goes nowhere at the level that the
// program has.
func (w *worker) keyport(ctx context.Context) (err error) {
	if w.store, err = (database{w.Engine, w.URL}).open(ctx); err != nil {
		return err
	}
	w.handler, err = portal(w.store, w.Kind == "keyport")
	return err
}

func portal(s *store.Store, counted bool) (http.Handler, error) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	o := web.Options{Store: s, PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1"}, Log: log, Version: "0.0.1"}
	if counted {
		o.Metrics = metrics.New(metrics.Options{Store: s, Version: "0.0.1", Log: log})
	}
	server, err := web.New(o)
	if err != nil {
		return nil, err
	}
	return server.Handler(), nil
}

// do does what a line asks for.
func (w *worker) do(ctx context.Context, line string) (report, error) {
	if text, ok := strings.CutPrefix(line, floodRequest); ok {
		return w.flood(ctx, text)
	}
	switch line {
	case "usage":
		if w.store != nil {
			return report{Cached: w.store.VerifyStats().Cached}, nil
		}
		return report{}, nil
	case "collect":
		runtime.GC()
		debug.FreeOSMemory()
		return report{}, nil
	case "flush":
		took, err := since(func() error { return w.store.FlushSeen(ctx) })
		return report{Took: took}, err
	}
	return w.work(ctx, line)
}

// work does a task of the timetable, or measures pages.
func (w *worker) work(ctx context.Context, line string) (r report, err error) {
	switch line {
	case "pages":
		r.Pages, err = w.renderPages(ctx)
	case "expiry":
		var run models.ExpiryRun
		r.Took, err = since(func() (err error) { run, err = w.store.RaiseExpiryEvents(ctx); return err })
		r.Count = run.Looked
	case "fan-out":
		r.Took, err = since(func() error { return w.store.FanOut(ctx) })
	case "audit":
		r.Took, err = since(func() error {
			found, err := w.store.VerifyAudit(ctx, nil)
			if r.Count = int(found.Checked); err == nil && found.Finding != nil {
				err = fmt.Errorf("the trail has a flaw: %+v", found.Finding)
			}
			return err
		})
	default:
		err = fmt.Errorf("unknown request %q", line)
	}
	return r, err
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory reads a figure about this process, in bytes; 0 where the system does
// not tell.
func memory(name string) int64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name); found {
			kilobytes, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
