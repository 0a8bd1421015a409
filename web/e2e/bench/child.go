//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// child is a server in a process of its own.
type child struct {
	address string
	process *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
}

// start starts a server and waits until it answers.
func (b *bench) start(ctx context.Context, o order) (*child, error) {
	return startProgram(ctx, b.program, o)
}

func startProgram(ctx context.Context, program string, o order) (*child, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	return startCommand(exec.CommandContext(ctx, program, serveCommand, string(text)), o.Kind)
}

func startCommand(command *exec.Cmd, kind string) (c *child, err error) {
	c = &child{process: command}
	c.process.Stderr = os.Stderr
	if c.in, err = c.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = json.NewDecoder(bufio.NewReader(out))
	if err := c.process.Start(); err != nil {
		return nil, err
	}
	var first report
	if err := c.out.Decode(&first); err != nil {
		c.stop()
		return nil, fmt.Errorf("%s did not start: %w", kind, err)
	}
	c.address = first.Address
	return c, nil
}

// ask sends a line and returns the answer to it.
func (c *child) ask(line string) (report, error) {
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		return report{}, err
	}
	var r report
	if err := c.out.Decode(&r); err != nil {
		return r, fmt.Errorf("%s: %w", line, err)
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

// cpu is what the server has used of the processors so far.
func (c *child) cpu() (time.Duration, error) {
	r, err := c.ask("usage")
	return r.CPU, err
}

func (c *child) stop() {
	c.in.Close()
	c.process.Wait()
}
