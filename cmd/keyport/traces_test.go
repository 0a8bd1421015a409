//go:build unix

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/tracing"
	"github.com/keyport/keyport/web/tracing/tracingtest"
)

const (
	parentTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceparent = "00-" + parentTrace + "-00f067aa0ba902b7-01"
)

func TestTracesHoldPatternsAndNoSecrets(t *testing.T) {
	t.Parallel()
	for _, trusted := range []bool{true, false} {
		collector, env := tracingtest.Start(t), place(t, storetest.SQLite)
		key, _, _ := inUse(t, env)
		env = env.with("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
		if trusted {
			env = env.with("KEYPORT_TRUSTED_PROXIES", "127.0.0.0/8")
		}
		p := startPortal(t, env)
		ask := func(method, path string, header http.Header) {
			t.Helper()
			r, err := http.NewRequest(method, p.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = header
			answer, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
		}
		canaries := http.Header{"User-Agent": {"canary"}, "Cookie": {"canary=canary"}, "X-Canary": {"canary"}, "Tracestate": {"canary=canary"}, "Baggage": {"canary=canary"}, "X-Forwarded-For": {"192.0.2.99"}}
		ask(http.MethodGet, "/api/users/me?apikey="+key, canaries)
		ask(http.MethodGet, "/account/apikeys/canary?canary=canary", canaries)
		ask("CANARY", "/canary", canaries)
		ask(http.MethodGet, "/api/users/me", http.Header{"X-Octopus-Apikey": {key}, "Traceparent": {traceparent}})
		ask(http.MethodGet, "/verify", http.Header{"X-Octopus-Apikey": {key}})
		ask(http.MethodGet, "/verify", http.Header{"X-Octopus-Apikey": {key}, "Traceparent": {traceparent}})
		p.stop(t)

		spans, raw := collector.Spans(t)
		for _, secret := range []string{key, key[4:], "canary", "CANARY", "192.0.2.99", "127.0.0.1", "robot"} {
			if strings.Contains(raw, secret) {
				t.Errorf("the traces hold %q", secret)
			}
		}
		me := collector.Named(t, "GET /api/users/me")
		if len(me) != 2 || tracingtest.Value(me[0], "http.response.status_code") != "200" || tracingtest.Value(me[0], "http.route") != "/api/users/me" || tracingtest.Value(me[0], "keyport.request") == "" {
			t.Fatalf("spans: %v", spans)
		}
		if joined := hex.EncodeToString(me[1].GetTraceId()) == parentTrace; joined != trusted {
			t.Errorf("the trace of a caller was joined: %v, trusted: %v", joined, trusted)
		}
		want := 0
		if trusted {
			want = 1
		}
		if got := collector.Named(t, "GET /verify"); len(got) != want {
			t.Errorf("%d verifications were traced, want %d", len(got), want)
		}
		var names []string
		for _, span := range spans {
			names = append(names, span.GetName())
		}
		if n := strings.Count(strings.Join(names, "\n"), "_OTHER "); n != 1 || slices.Contains(names, "GET /readyz") {
			t.Errorf("spans %q, want one of a method that nobody knows, and none of probes", names)
		}
	}
}

func TestNoTracesUnlessAskedFor(t *testing.T) {
	t.Parallel()
	for _, env := range []environ{{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}} {
		config, err := readConfig(env.with("KEYPORT_DATA_DIR", t.TempDir()).get)
		if err != nil || config.Traces != nil {
			t.Errorf("%v: traces go to %v, %v", env, config.Traces, err)
		}
	}
	for value, want := range map[string]string{"http://127.0.0.1:4318": "http://127.0.0.1:4318/v1/traces", "https://c.example.com/base/": "https://c.example.com/base/v1/traces"} {
		config, err := readConfig(environ{"KEYPORT_DATA_DIR": t.TempDir(), "OTEL_EXPORTER_OTLP_ENDPOINT": value}.get)
		if err != nil || config.Traces.String() != want {
			t.Errorf("%s: %v, %v, want %s", value, config.Traces, err, want)
		}
	}
}

// A run of the task makes a span; that there was nothing to do makes none.
func TestExpiryTaskIsTraced(t *testing.T) {
	t.Parallel()
	f, collector := storetest.New(t, storetest.SQLite), tracingtest.Start(t)
	ctx := context.Background()
	tracer, err := tracing.New(ctx, tracing.Options{Endpoint: collector.Endpoint(), Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	do := expiryTask(f.Store, tracer)
	if err := errors.Join(f.Store.ScheduleExpiryTask(ctx), do(ctx)); err != nil {
		t.Fatal(err)
	}
	f.Clock.Advance(models.ExpiryTaskFirst + time.Second)
	if err := errors.Join(do(ctx), do(ctx), tracer.Close(ctx)); err != nil {
		t.Fatal(err)
	}
	if got := collector.Named(t, "expiry task"); len(got) != 1 || got[0].GetEndTimeUnixNano() <= got[0].GetStartTimeUnixNano() {
		t.Errorf("spans: %v, want one", got)
	}
}

// A collector that is away, or slow, holds nobody up.
func TestTracesWithoutCollector(t *testing.T) {
	t.Parallel()
	p := startPortal(t, place(t, storetest.SQLite).with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+freePort(t)))
	if status, _ := get(t, p.url+"/healthz"); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	p.stop(t)
}
