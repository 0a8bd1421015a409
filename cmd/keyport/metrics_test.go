//go:build unix

package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// freePort returns an address that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func get(t testing.TB, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// Metrics are answered where the operator says, and nowhere else.
func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		address := freePort(t)
		p := startPortal(t, env.with("KEYPORT_METRICS_LISTEN", address))
		status, body := get(t, "http://"+address+"/metrics")
		if status != http.StatusOK || !strings.Contains(body, "keyport_build_info{") || !strings.Contains(body, `keyport_http_requests_total{route="/readyz",status="200"}`) {
			t.Errorf("/metrics = %d, %.300s", status, body)
		}
		for _, path := range []string{"/", "/healthz", "/sign-in", "/api", "/debug/pprof/"} {
			if status, _ := get(t, "http://"+address+path); status != http.StatusNotFound {
				t.Errorf("the address of the metrics answers %s by %d", path, status)
			}
		}
		if _, body := get(t, p.url+"/metrics"); strings.Contains(body, "keyport_") || strings.Contains(body, "go_goroutines") {
			t.Errorf("/metrics where people go: %.300s", body)
		}
		p.stop(t)
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			t.Error("the metrics are still there after the end")
		}
	})
}

func TestMetricsAreOffUnlessAskedFor(t *testing.T) {
	t.Parallel()
	p := startPortal(t, place(t, "SQLite"))
	if _, body := get(t, p.url+"/metrics"); strings.Contains(body, "keyport_") || strings.Contains(body, "go_goroutines") {
		t.Errorf("/metrics: %.300s", body)
	}
}

func TestMetricsPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	env := place(t, "SQLite").with("KEYPORT_METRICS_LISTEN", l.Addr().String())
	keyport(t, env, "").want(t, exitFailure, "choose another address with KEYPORT_METRICS_LISTEN")
	if _, err := http.Get("http://" + env["KEYPORT_LISTEN"] + "/"); err == nil {
		t.Error("the portal answers nevertheless")
	}
}
