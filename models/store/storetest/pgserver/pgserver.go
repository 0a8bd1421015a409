//go:build unix

// Package pgserver starts a throw-away PostgreSQL for tests: in a new folder,
// on a unix socket that only this account can reach, without fsync, and gone
// when the process that started it is gone, however it ended.
package pgserver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Server is a running PostgreSQL.
type Server struct {
	URL string // of its database postgres; works for pgx and for Keyport

	folder   string
	postgres *exec.Cmd
	guard    *exec.Cmd
	lifeline io.WriteCloser
	gone     chan struct{}
}

// readyWithin is how long PostgreSQL may take to start.
const readyWithin = 20 * time.Second

// Start tries each set of programs it finds until one runs.
func Start() (*Server, error) {
	run, err := runner()
	if err != nil {
		return nil, err
	}
	folder, err := newFolder(run)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, bin := range binaries() {
		s := &Server{folder: folder, gone: make(chan struct{})}
		err := s.start(bin, run)
		if errors.Is(err, fs.ErrPermission) { // below a home that the other account can't enter
			if bin, err = copyPrograms(bin, filepath.Join(folder, "programs")); err == nil {
				err = s.start(bin, run)
			}
		}
		if err == nil {
			return s, nil
		}
		failures = append(failures, err)
	}
	os.RemoveAll(folder)
	return nil, fmt.Errorf("no PostgreSQL could be started; run npm ci, which brings one, or set TEST_DATABASE_URL or PG_BIN: %w", errors.Join(failures...))
}

// newFolder makes the server's folder, in memory where there is enough of it.
func newFolder(run account) (string, error) {
	parent := ""
	if os.Getenv("TMPDIR") == "" {
		var disk syscall.Statfs_t
		if err := syscall.Statfs("/dev/shm", &disk); err == nil && uint64(disk.Bavail)*uint64(disk.Bsize) >= 2<<30 {
			parent = "/dev/shm"
		}
	}
	folder, err := os.MkdirTemp(parent, "keyport-pg-")
	if err != nil && parent != "" {
		folder, err = os.MkdirTemp("", "keyport-pg-")
	}
	if err != nil {
		return "", err
	}
	return folder, run.own(folder)
}

// start makes a cluster and runs the server on it.
func (s *Server) start(bin string, run account) error {
	data := filepath.Join(s.folder, "data")
	initdb := run.command(s.folder, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	if out, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(data)
		return fmt.Errorf("%s: initdb: %w %s", bin, err, out)
	}
	output, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	defer output.Close()
	s.postgres = run.command(s.folder, filepath.Join(bin, "postgres"), "-D", data, "-k", s.folder, "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=300",
		"-c", "max_wal_size=4GB", "-c", "autovacuum=off", "-c", "jit=off", "-c", "log_min_messages=warning")
	s.postgres.Stdout, s.postgres.Stderr = output, output
	if err := s.postgres.Start(); err != nil {
		return err
	}
	go func() { s.postgres.Wait(); close(s.gone) }()
	if err := s.watch(); err != nil {
		s.postgres.Process.Kill()
		return err
	}
	s.URL = "postgres:///postgres?" + url.Values{"host": {s.folder}, "user": {"postgres"}, "sslmode": {"disable"}}.Encode()
	return s.awaitReady(data)
}

func (s *Server) awaitReady(data string) error {
	for deadline := time.Now().Add(readyWithin); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.gone:
			return s.failed()
		default:
		}
		if pid, _ := os.ReadFile(filepath.Join(data, "postmaster.pid")); strings.HasSuffix(strings.TrimSpace(string(pid)), "ready") {
			return nil
		}
	}
	return s.failed()
}

func (s *Server) failed() error {
	output, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	s.Stop()
	return fmt.Errorf("postgres did not start: %s", output)
}

// guardScript waits for the end of its input, which comes when this process
// ends by any cause, a kill included; then it stops the server and removes the
// folder. It ignores the signals that a terminal sends to everybody.
const guardScript = `trap '' INT TERM HUP QUIT
read -r _
kill -QUIT "$1" 2>/dev/null
n=0; while kill -0 "$1" 2>/dev/null && [ $n -lt 40 ]; do sleep 0.05; n=$((n+1)); done
rm -rf "$2"`

func (s *Server) watch() error {
	s.guard = exec.Command("/bin/sh", "-c", guardScript, "sh", strconv.Itoa(s.postgres.Process.Pid), s.folder)
	s.guard.Dir = "/"
	s.guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if s.lifeline, err = s.guard.StdinPipe(); err != nil {
		return err
	}
	return s.guard.Start()
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	s.lifeline.Close()
	s.guard.Wait()
	<-s.gone
}
