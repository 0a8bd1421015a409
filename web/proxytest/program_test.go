//go:build proxies

package proxytest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is a proxy: how the texts of its recipe become files, and how it is
// started with them. Texts are changed in what an operator would change:
// addresses, and where files are.
type program struct {
	name, binary, install string
	version               []string                               // asks for its version
	away                  int                                    // what callers get while Keyport cannot be reached
	files                 map[string]string                      // by the id of a text on the page: its file
	moves                 func(r *run) map[string]string         // what to replace by what, in all texts
	movesOfTLS            func(r *run) map[string]string         // the same, for what is only there when Keyport is behind TLS
	frame                 func(r *run) (files map[string]string) // the configuration around the recipe
	args                  func(r *run) (args []string)
	env                   func(r *run) []string
}

// run is one start of a program.
type run struct {
	dir     string
	port    int    // of the proxy
	spare   int    // for a listener that the recipe has besides
	service string // address

	pool      *x509.CertPool
	encrypted bool // whether Keyport is reached over TLS
}

func (r *run) file(name string) string { return filepath.Join(r.dir, name) }

// find looks where Debian keeps programs for administrators, too: those folders
// are not in everybody's path.
func (p program) find(t *testing.T) string {
	t.Helper()
	for _, name := range []string{p.binary, "/usr/sbin/" + p.binary, "/usr/local/sbin/" + p.binary} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed. On Debian: apt install %s", p.name, p.install)
	return ""
}

// start writes the texts of the page into files and starts the program with
// them. It ends with the test.
func (p program) start(t *testing.T, r *run, texts map[string]string) {
	t.Helper()
	files := map[string]string{}
	if p.frame != nil {
		files = p.frame(r)
	}
	for id, name := range p.files {
		files[name] = texts[id]
	}
	for old, replacement := range p.replacements(r) {
		found := 0
		for _, name := range p.files {
			found += strings.Count(files[name], old)
			files[name] = strings.ReplaceAll(files[name], old, replacement)
		}
		if found == 0 {
			t.Fatalf("the recipe for %s lacks %q, which this test replaces", p.name, old)
		}
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(r.file(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.file(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.launch(t, r)
}

// replacements are moves, with those that are only there for a Keyport behind TLS.
func (p program) replacements(r *run) map[string]string {
	all := p.moves(r)
	if r.encrypted && p.movesOfTLS != nil {
		maps.Copy(all, p.movesOfTLS(r))
	}
	return all
}

func (p program) launch(t *testing.T, r *run) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, p.find(t), p.args(r)...)
	command.Dir = r.dir
	if p.env != nil {
		command.Env = append(os.Environ(), p.env(r)...)
	}
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		stop()
		<-ended
		if t.Failed() {
			t.Logf("%s said: %s%s", p.name, output.String(), contents(r.file("error.log")))
		}
	})
	p.await(t, r, ended)
}

// await returns when the program has read its configuration, and so has the
// certificate.
func (p program) await(t *testing.T, r *run, ended chan error) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", r.port), &tls.Config{RootCAs: r.pool, ServerName: publicHost}); err == nil {
			conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended at once: %v", p.name, err)
		default:
		}
	}
	t.Fatalf("%s did not listen within 20 seconds", p.name)
}

func contents(file string) string {
	text, _ := os.ReadFile(file)
	return string(text)
}

// freePort returns one that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
