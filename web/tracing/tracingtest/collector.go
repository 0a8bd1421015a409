// Package tracingtest is an OpenTelemetry collector for tests: it takes traces by
// OTLP over HTTP on a loopback port, and reads them.
package tracingtest

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector is one that listens.
type Collector struct {
	URL   string
	mu    sync.Mutex
	raw   []byte
	spans []*traces.Span
	wrong error
}

// Start starts a collector. It stops with the test.
func Start(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{}
	server := httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// Endpoint is where it takes traces.
func (c *Collector) Endpoint() *url.URL {
	u, err := url.Parse(c.URL + "/v1/traces")
	if err != nil {
		panic(err) // httptest makes addresses that can be read
	}
	return u
}

func (c *Collector) take(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var request collector.ExportTraceServiceRequest
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			c.wrong = err
			return
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	if err == nil {
		err = proto.Unmarshal(text, &request)
	}
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/traces" {
		c.wrong = fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	c.raw = append(c.raw, text...)
	for _, of := range request.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// Spans returns what came in, and all of it as it came.
func (c *Collector) Spans(t testing.TB) ([]*traces.Span, string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wrong != nil {
		t.Fatalf("what came in is not OTLP: %v", c.wrong)
	}
	return c.spans, string(c.raw)
}

// Named returns the spans of a name.
func (c *Collector) Named(t testing.TB, name string) (found []*traces.Span) {
	t.Helper()
	spans, _ := c.Spans(t)
	for _, s := range spans {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	return found
}

// Value returns what a span says under a name, as text.
func Value(s *traces.Span, name string) string {
	for _, a := range s.GetAttributes() {
		if a.GetKey() != name {
			continue
		}
		switch v := a.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			return v.StringValue
		case *common.AnyValue_IntValue:
			return fmt.Sprint(v.IntValue)
		case *common.AnyValue_BoolValue:
			return fmt.Sprint(v.BoolValue)
		}
	}
	return ""
}
