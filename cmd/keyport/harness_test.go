//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models/store/storetest"
)

const password = "quiet river under stars"

// environ is the environment of a test, in place of the process's own.
type environ map[string]string

func (e environ) get(name string) string { return e[name] }

// with returns a copy with more variables: name, value, name, value.
func (e environ) with(pairs ...string) environ {
	more := environ{}
	for name, value := range e {
		more[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		more[pairs[i]] = pairs[i+1]
	}
	return more
}

// place returns the environment of a new installation on a free port.
func place(t testing.TB, e storetest.Engine) environ {
	t.Helper()
	env := environ{"KEYPORT_LISTEN": "127.0.0.1:0", "KEYPORT_DATA_DIR": filepath.Join(t.TempDir(), "data")}
	if e == storetest.PostgreSQL {
		env["KEYPORT_DATABASE_URL"] = e.Empty(t)
	}
	return env
}

// eachEngine runs a test on SQLite and on PostgreSQL.
func eachEngine(t *testing.T, run func(t *testing.T, env environ)) {
	t.Helper()
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			run(t, place(t, e))
		})
	}
}

// freeAddress returns an address of this machine at which nobody listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// outcome is what one run of a command left.
type outcome struct {
	code           int
	stdout, stderr string
}

// keyport runs a command to its end.
func keyport(t testing.TB, env environ, stdin string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, env.get, strings.NewReader(stdin), &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

func (o outcome) want(t testing.TB, code int, sentence string) {
	t.Helper()
	if o.code != code || !strings.Contains(o.stderr, sentence) {
		t.Fatalf("got exit %d, %q, %q; want %d, %q", o.code, o.stdout, o.stderr, code, sentence)
	}
}

// journal is a buffer that one goroutine writes and another reads.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// portal is a running program.
type portal struct {
	url            string
	stdout, stderr *journal
	cancel         context.CancelFunc
	ended          chan int
}

var portalLine = regexp.MustCompile(`Portal +(\S+)\n`)

// startPortal runs the program until it is ready, and ends it with the test.
func startPortal(t testing.TB, env environ, args ...string) *portal {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &portal{stdout: &journal{}, stderr: &journal{}, cancel: cancel, ended: make(chan int, 1)}
	go func() { p.ended <- run(ctx, args, env.get, strings.NewReader(""), p.stdout, p.stderr) }()
	t.Cleanup(func() { p.cancel() })
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if line := portalLine.FindStringSubmatch(p.stdout.String()); line != nil {
			p.url = line[1]
			if response, err := http.Get(p.url + "/readyz"); err == nil {
				response.Body.Close()
				if response.StatusCode == http.StatusOK {
					return p
				}
			}
		}
		select {
		case code := <-p.ended:
			t.Fatalf("ended with %d: %s", code, p.stderr)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %s%s", p.stdout, p.stderr)
		}
	}
}

// stop ends the program as SIGTERM does, and checks that it ends well in time.
func (p *portal) stop(t testing.TB) {
	t.Helper()
	p.cancel()
	select {
	case code := <-p.ended:
		if code != exitOK {
			t.Fatalf("ended with %d: %s", code, p.stderr)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still running 10 s after it was told to end")
	}
}

// me asks the running portal whose key it is.
func (p *portal) me(t testing.TB, key string) (status int, username string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, p.url+"/api/users/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Octopus-ApiKey", key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var user struct{ Username string }
	if err := json.NewDecoder(response.Body).Decode(&user); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, user.Username
}

// isEmpty reports whether nothing was created in a folder.
func isEmpty(t testing.TB, folder string) bool {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) == 0
}
