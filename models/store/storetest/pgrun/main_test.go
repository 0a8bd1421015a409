//go:build unix

package main

import (
	"bufio"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build compiles pgrun, since a test of signals needs a process of its own.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "pgrun")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

func TestRun(t *testing.T) {
	program := build(t)
	tests := []struct {
		name string
		args []string
		want int
	}{
		{"no command", nil, 2},
		{"unknown command", []string{"no-such-command"}, 127},
		{"command's own code", []string{"/bin/sh", "-c", "exit 7"}, 7},
		{"killed command", []string{"/bin/sh", "-c", "kill -9 $$"}, 137},
		{"variable is set", []string{"/bin/sh", "-c", `case "$TEST_DATABASE_URL" in postgres://*) exit 0;; esac; exit 1`}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := exec.Command(program, tt.args...)
			c.Run()
			if got := c.ProcessState.ExitCode(); got != tt.want {
				t.Errorf("exit code = %d, want %d", got, tt.want)
			}
		})
	}
}

// However pgrun ends, by itself, by a polite signal or by a kill that it can't
// answer, neither server nor folder stay behind.
func TestNothingStaysBehind(t *testing.T) {
	program := build(t)
	for name, end := range map[string]func(*exec.Cmd) error{
		"by itself": nil,
		"SIGINT":    func(c *exec.Cmd) error { return c.Process.Signal(os.Interrupt) },
		"SIGTERM":   func(c *exec.Cmd) error { return c.Process.Signal(syscall.SIGTERM) },
		"SIGKILL":   func(c *exec.Cmd) error { return c.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := `echo "$TEST_DATABASE_URL"; read -r _`
			c := exec.Command(program, "/bin/sh", "-c", script)
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			folder := socketFolder(t, line)
			if _, err := os.Stat(folder); err != nil {
				t.Fatalf("the server's folder: %v", err)
			}
			if end == nil {
				in.Close()
			} else if err := end(c); err != nil {
				t.Fatal(err)
			}
			c.Wait()
			in.Close()
			wantGone(t, folder)
		})
	}
}

func socketFolder(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || !strings.HasPrefix(u.Query().Get("host"), "/") {
		t.Fatalf("address = %q: %v", address, err)
	}
	return u.Query().Get("host")
}

// wantGone waits for the guard, which outlives a killed pgrun for a moment.
func wantGone(t *testing.T, folder string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(folder); os.IsNotExist(err) {
			return
		}
	}
	t.Errorf("%s stayed behind", folder)
}
