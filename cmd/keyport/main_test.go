//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

var setupLine = regexp.MustCompile(`Set up +(http\S+/setup\?token=[A-Z2-7]{26})\n`)

func TestFirstRun(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		p := startPortal(t, env)
		link := setupLine.FindStringSubmatch(p.stdout.String())
		if link == nil || !strings.HasPrefix(link[1], p.url) {
			t.Fatalf("no set-up link of %s in %q", p.url, p.stdout)
		}
		response, err := http.Get(link[1])
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got, want := response.StatusCode, http.StatusOK; got != want {
			t.Errorf("set-up page: got %d, want %d", got, want)
		}
		if strings.Contains(p.stderr.String(), "token=") {
			t.Errorf("the log holds the set-up link: %s", p.stderr)
		}
		p.stop(t)

		keyport(t, env, password+"\n", "user", "create", "--username", "maya", "--admin").want(t, exitOK, "")
		again := startPortal(t, env)
		if strings.Contains(again.stdout.String(), "token=") {
			t.Errorf("a set-up link although there is an administrator: %s", again.stdout)
		}
		again.stop(t)
	})
}

// From an empty folder to an answer of the REST API, and what is left behind.
func TestKeyFromConsoleOpensREST(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		keyport(t, env, password+"\n", "user", "create", "--username", "maya", "--display-name", "Maya", "--email", "maya@example.com").want(t, exitOK, "")
		made := keyport(t, env, "", "apikey", "create", "--user", "MAYA", "--purpose", "Deploy", "--expires", "30d")
		made.want(t, exitOK, "")
		key := strings.TrimSuffix(made.stdout, "\n")
		if _, ok := models.ParseSecret(key); !ok {
			t.Fatalf("standard output: got %q, want one key and a line end", made.stdout)
		}

		p := startPortal(t, env)
		if status, name := p.me(t, key); status != http.StatusOK || name != "maya" {
			t.Errorf("with the key: got %d, %q, want 200, maya", status, name)
		}
		if status, _ := p.me(t, models.NewSecret().Reveal()); status != http.StatusUnauthorized {
			t.Errorf("with an unknown key: got %d, want 401", status)
		}
		p.stop(t)

		for name, text := range map[string]string{"stdout": p.stdout.String(), "stderr": p.stderr.String() + made.stderr} {
			if strings.Contains(text, key[8:]) || strings.Contains(text, password) {
				t.Errorf("%s holds a secret: %s", name, text)
			}
		}
		checkLastUse(t, env)
	})
}

// checkLastUse looks whether the mark of the only call survived the end of the
// program, which came long before the timetable's first flush.
func checkLastUse(t *testing.T, env environ) {
	t.Helper()
	config, err := readConfig(env.get)
	if err != nil {
		t.Fatal(err)
	}
	masters, err := readMasterFile(filepath.Join(config.DataDir, "master.key"), env.get)
	if err != nil {
		t.Fatal(err)
	}
	s, err := (&program{Config: config, log: discard}).openDatabase(context.Background(), masters)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := byConsole(context.Background())
	user, err := s.UserByName(ctx, "maya")
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.APIKeysOf(ctx, user.ID, models.KeyFilter{Page: models.Page{Take: 10}})
	if err != nil || len(list.Keys) != 1 {
		t.Fatalf("got %d keys, %v, want 1", len(list.Keys), err)
	}
	if k := list.Keys[0]; k.LastUsedAt == nil || k.LastUsedIP != "127.0.0.1" || k.Purpose != "Deploy" {
		t.Errorf("last use: got %v from %q", k.LastUsedAt, k.LastUsedIP)
	}
}

// A request that is under way when the program is told to end gets its answer.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	p := startPortal(t, place(t, storetest.SQLite))
	address, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", address.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	body := "username=maya&password=wrong"
	fmt.Fprintf(connection, "POST /sign-in HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		address.Host, p.url, len(body), body[:10])
	time.Sleep(200 * time.Millisecond) // the handler now waits for the rest
	p.cancel()
	time.Sleep(300 * time.Millisecond)
	select {
	case code := <-p.ended:
		t.Fatalf("ended with %d before the request did: %s", code, p.stderr)
	default:
	}
	if _, err := net.DialTimeout("tcp", address.Host, time.Second); err == nil {
		t.Error("still takes new connections while it drains")
	}
	io.WriteString(connection, body[10:])
	answer, err := io.ReadAll(connection)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 ")) || bytes.HasPrefix(answer, []byte("HTTP/1.1 5")) {
		t.Errorf("got %.80q, %v, want an answer", answer, err)
	}
	p.stop(t)
}

// A client that never finishes does not keep the program alive.
func TestStopCutsOff(t *testing.T) {
	t.Parallel()
	p := startPortal(t, place(t, storetest.SQLite))
	address, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", address.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprintf(connection, "POST /sign-in HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\nu", address.Host)
	time.Sleep(100 * time.Millisecond)
	p.stop(t)
}

func TestUnencryptedWarning(t *testing.T) {
	t.Parallel()
	const warning = "without encryption"
	tests := []struct {
		name, listen, public string
		want                 bool
	}{
		{"loopback", "127.0.0.1:0", "", false},
		{"all addresses", ":0", "", true},
		{"all addresses, http", "0.0.0.0:0", "http://keys.example.com", true},
		{"all addresses behind HTTPS", ":0", "https://keys.example.com/portal/", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := place(t, storetest.SQLite).with("KEYPORT_LISTEN", tt.listen, "KEYPORT_PUBLIC_URL", tt.public)
			ctx, cancel := context.WithCancel(context.Background())
			stdout, stderr, ended := &journal{}, &journal{}, make(chan int, 1)
			go func() { ended <- run(ctx, nil, env.get, strings.NewReader(""), stdout, stderr) }()
			for i := 0; i < 1000 && setupLine.FindString(stdout.String()) == ""; i++ {
				time.Sleep(10 * time.Millisecond)
			}
			cancel()
			if code := <-ended; code != exitOK {
				t.Fatalf("ended with %d: %s", code, stderr)
			}
			if got := strings.Contains(stderr.String(), warning); got != tt.want {
				t.Errorf("warning: got %v, want %v in %q", got, tt.want, stderr)
			}
			if public := strings.TrimSuffix(tt.public, "/"); public != "" && !strings.Contains(stdout.String(), public+"/setup?token=") {
				t.Errorf("the set-up link is not below %s: %s", public, stdout)
			}
		})
	}
}
