//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// plan is how much is measured.
type plan struct {
	keys, few int           // keys in the large and in the small databases
	cached    int           // keys that are used again and again, where that is not one
	events    int           // in the audit trail
	due       int           // keys whose moment has come
	fanned    int           // events that go out to subscriptions
	turns     int           // of each side
	turn      time.Duration // of load
	conns     int           // of the load
	renders   int           // of each page
	shipped   bool          // whether programs are built as they are shipped
	only      string
}

var full = plan{keys: 1_000_000, few: 10_000, cached: 100_000, events: 1_000_000, due: 5000, fanned: 10_000, turns: 12, turn: 600 * time.Millisecond, conns: 32, renders: 40, shipped: true}

// quick shows that the benchmark works, and measures nothing that counts.
var quick = plan{keys: 12_000, few: 600, cached: 300, events: 2000, due: 50, fanned: 40, turns: 1, turn: 40 * time.Millisecond, conns: 4, renders: 2}

func main() {
	if len(os.Args) > 1 && os.Args[1] == serveCommand {
		if err := serve(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	p := full
	short := flag.Bool("quick", false, "few keys and short turns, to see that everything works")
	only := flag.String("only", "", "measure only the rows whose name has this in it")
	keys := flag.Int("keys", full.keys, "so many keys in the large databases; the goals are for as many as there are without this")
	list := flag.Bool("list", false, "print the names of the rows")
	flag.Parse()
	if *short {
		p = quick
	}
	if p.only = *only; *keys != full.keys {
		p.keys, p.cached = *keys, min(p.cached, *keys/4)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if *list {
		for _, part := range parts {
			fmt.Println(part.name)
		}
		return
	}
	if err := run(ctx, p, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// part is one measurement. It adds the rows of the table that come out of it.
type part struct {
	name string
	run  func(context.Context, *bench) error
}

// parts in the order of the table; those that change the databases come last.
var parts = []part{
	{"warm", warm}, {"cold", cold}, {"p99", tail}, {"noting", noting}, {"refused", refused}, {"flood", flood}, {"ladder", ladder},
	{"pages", pages}, {"size", size}, {"last use", lastUse}, {"expiry", expiry}, {"fan-out", fanOut}, {"audit", audit},
}

// bench is a run.
type bench struct {
	plan
	folder  string // of everything that is made, removed at the end
	program string // this program
	started time.Time
	large   map[engine]database
	small   map[engine]database
	secrets string // file of the keys that open something, 30 bytes each
	rows    []row
}

func run(ctx context.Context, p plan, out io.Writer) (err error) {
	b := &bench{plan: p, started: time.Now()}
	if b.folder, err = os.MkdirTemp("", "keyport-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	if b.program, err = os.Executable(); err != nil {
		return err
	}
	if err := b.fill(ctx); err != nil {
		return err
	}
	defer b.dropDatabases()
	for _, part := range parts {
		if !strings.Contains(part.name, b.only) {
			continue
		}
		b.say("%s", part.name)
		if err := part.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", part.name, errors.Join(err, ctx.Err()))
		}
	}
	b.say("done")
	b.print(out)
	return nil
}

// say tells whoever waits what is going on.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1f s  %s\n", time.Since(b.started).Seconds(), fmt.Sprintf(format, args...))
}

func (b *bench) path(name string) string { return filepath.Join(b.folder, name) }
