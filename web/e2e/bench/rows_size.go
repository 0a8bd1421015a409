//go:build unix

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/keyport/keyport/models"
)

// size measures what Keyport takes: memory, time to start, and the program.
func size(ctx context.Context, b *bench) error {
	if err := b.memory(ctx); err != nil {
		return err
	}
	program := b.path("keyport")
	if err := b.build(ctx, program, "./cmd/keyport", "-trimpath="+strconv.FormatBool(b.shipped)); err != nil {
		return err
	}
	info, err := os.Stat(program)
	if err != nil {
		return err
	}
	for _, e := range engines {
		var took []float64
		for range b.turns {
			one, err := b.startUp(ctx, program, b.large[e])
			if err != nil {
				return err
			}
			took = append(took, float64(one))
		}
		b.add(fmt.Sprintf("start until ready, %s", e), short(ofMedian(took)), "", "%d keys stored", b.keys)
	}
	b.add("program", fmt.Sprintf("%.1f MB", float64(info.Size())/1e6), "", "one file, with all that it needs")
	return nil
}

func (b *bench) memory(ctx context.Context) error {
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return err
	}
	keyport, _, err := b.keyport(ctx, postgres)
	if err != nil {
		return err
	}
	defer keyport.stop()
	before, err := keyport.ask("collect")
	if err != nil {
		return err
	}
	if err := b.fillCache(ctx, keyport, secrets); err != nil {
		return err
	}
	busy, err := keyport.ask("usage")
	if err != nil {
		return err
	}
	after, err := keyport.ask("collect")
	if err != nil {
		return err
	}
	b.add("memory", megabytes(after.RSS), "", "%d keys stored, %d in the cache and waiting to be noted as used; %s before, at most %s while they came", b.keys, min(b.cached, len(secrets)/models.SecretLength), megabytes(before.RSS), megabytes(busy.Peak))
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

// startUp starts the program and returns how long it took until it was ready.
func (b *bench) startUp(ctx context.Context, program string, d database) (time.Duration, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address := l.Addr().String()
	l.Close()
	master := b.path("master.key")
	if err := os.WriteFile(master, []byte(hex.EncodeToString(make([]byte, models.MasterKeySize))), 0o600); err != nil {
		return 0, err
	}
	c := exec.CommandContext(ctx, program)
	c.Env = []string{"KEYPORT_LISTEN=" + address, "KEYPORT_DATABASE_URL=" + d.url, "KEYPORT_MASTER_KEY_FILE=" + master, "KEYPORT_DATA_DIR=" + b.path("data")}
	start := time.Now()
	if err := c.Start(); err != nil {
		return 0, err
	}
	defer c.Wait()
	defer c.Process.Signal(syscall.SIGTERM)
	for time.Since(start) < time.Minute && ctx.Err() == nil {
		response, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return time.Since(start), nil
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, errors.New("keyport did not start")
}

// build builds a program of this module, as it is shipped.
func (b *bench) build(ctx context.Context, to, what string, flags ...string) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "go", append(append([]string{"build"}, flags...), "-o", to, what)...)
	c.Dir = string(root[:len(root)-1])
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", what, err, out)
	}
	return nil
}
