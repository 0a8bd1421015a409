//go:build unix

// Command pgrun starts a throw-away PostgreSQL, runs the command it is given
// with TEST_DATABASE_URL set to it, and ends with the command's exit code:
//
//	go run ./models/store/storetest/pgrun go test ./...
//
// The server is gone afterwards, also after a signal.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/keyport/keyport/models/store/storetest/pgserver"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(command []string) int {
	if len(command) == 0 {
		fmt.Fprintln(os.Stderr, "Name a command to run with a PostgreSQL: pgrun COMMAND [ARGUMENT…]")
		return 2
	}
	// Signals are ours from before the server starts, so that none can end this
	// process with the server left behind.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	server, err := pgserver.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgrun:", err)
		return 1
	}
	defer server.Stop()
	c := exec.Command(command[0], command[1:]...)
	c.Env = append(os.Environ(), "TEST_DATABASE_URL="+server.URL)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "pgrun:", err)
		return 127
	}
	go func() {
		for sig := range signals {
			c.Process.Signal(sig)
		}
	}()
	return exitCode(c.Wait())
}

// exitCode writes the end of a command as a shell does.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		return 1
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
