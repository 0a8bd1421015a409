// Command keyport is the portal: one program, one command.
//
// Nothing of the product lives here. This package reads the environment, opens
// the store, starts the server and the timetable, and ends them in the reverse
// order.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // days end in people's zones, also where the machine has no zone data

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/tracing"
)

// version is set by the build: -ldflags "-X main.version=1.2.3".
var version = "0.1.0"

// Exit codes. A refusal of the configuration promises that nothing was created.
const (
	exitOK      = 0
	exitFailure = 1 // the world is not as needed: a busy port, no database
	exitUsage   = 2 // the command line or the environment is wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// program is what one run works with.
type program struct {
	Config
	log    *slog.Logger
	stdin  io.Reader
	stdout io.Writer
	clock  func() time.Time // nil for the real one
	trace  *tracing.Tracer  // nil while nobody looks
}

// run is the whole program. It returns when ctx is done, or when the command is.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	c, err := parseCommand(args)
	if err == nil && c.text != "" {
		fmt.Fprint(stdout, c.text)
		return exitOK
	}
	p := &program{stdin: stdin, stdout: stdout, log: slog.New(slog.NewTextHandler(stderr, nil))}
	if err == nil {
		p.Config, err = readConfig(getenv)
	}
	if p.LogJSON {
		p.log = slog.New(slog.NewJSONHandler(stderr, nil))
	}
	if err == nil {
		err = c.run(ctx, p)
	}
	return report(err, stderr, p.log)
}

// failure is why the program ends, in one sentence for whoever started it.
type failure struct {
	sentence string
	code     int
	cause    error
}

func (f *failure) Error() string { return f.sentence }
func (f *failure) Unwrap() error { return f.cause }

// misuse refuses the command line or the environment.
func misuse(format string, args ...any) error {
	return &failure{sentence: fmt.Sprintf(format, args...), code: exitUsage}
}

// failed says what the world lacks.
func failed(cause error, format string, args ...any) error {
	return &failure{sentence: fmt.Sprintf(format, args...), code: exitFailure, cause: cause}
}

// report tells why the program ends and returns its exit code. The sentence is
// for the person, the cause for the log.
func report(err error, stderr io.Writer, log *slog.Logger) int {
	if err == nil {
		return exitOK
	}
	sentence, code, cause := explain(err)
	fmt.Fprintln(stderr, "keyport: "+sentence)
	if cause != nil {
		log.Error("keyport ended", "cause", cause)
	}
	return code
}

// explain returns what a person, the caller and the log are told of an error.
func explain(err error) (sentence string, code int, cause error) {
	sentence, code, cause = "Keyport can't go on. The log has the reason.", exitFailure, err
	var f *failure
	var unopened *store.OpenError
	switch refusal := models.Refusal(err); {
	case errors.As(err, &f):
		sentence, code, cause = f.sentence, f.code, f.cause
	case errors.As(err, &unopened):
		sentence, cause = unopened.Message, unopened.Cause
	case refusal != nil && refusal.Kind != models.Internal:
		sentence, cause = refusal.Message, refusal.Cause
	}
	return sentence, code, cause
}
