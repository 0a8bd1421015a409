// Package tracing tells an OpenTelemetry collector what Keyport spends its time
// on: requests by the pattern of their route, deliveries, and the expiry task.
//
// A span has a name and facts that this program chose. Addresses, headers, bodies,
// names of people and keys never come here, so that none can leave by this door.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Options say where spans go. What else OpenTelemetry's own variables say, such
// as OTEL_EXPORTER_OTLP_HEADERS and OTEL_TRACES_SAMPLER, its library reads.
type Options struct {
	Endpoint *url.URL // where spans are posted, with the path
	Version  string
	Log      *slog.Logger
}

// Tracer makes spans. A nil one makes none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New makes a tracer. It connects to nothing until there is a span, and waits for
// nobody: what the collector does not take is dropped.
func New(ctx context.Context, o Options) (*Tracer, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(o.Endpoint.String()))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "keyport"), attribute.String("service.version", o.Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	otel.SetErrorHandler(&complaints{log: o.Log})
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider, provider.Tracer("keyport")}, nil
}

// Close sends what is left, for as long as ctx allows.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Fact is something that a span says. Value is a string, a bool, an int or an
// int64.
type Fact struct {
	Name  string
	Value any
}

func attributes(facts []Fact) []attribute.KeyValue {
	var list []attribute.KeyValue
	for _, f := range facts {
		switch v := f.Value.(type) {
		case string:
			list = append(list, attribute.String(f.Name, v))
		case bool:
			list = append(list, attribute.Bool(f.Name, v))
		case int:
			list = append(list, attribute.Int(f.Name, v))
		case int64:
			list = append(list, attribute.Int64(f.Name, v))
		}
	}
	return list
}

// End ends a span.
type End func(failed bool, facts ...Fact)

// Begin begins a span within the one that ctx is in, if it is in one.
func (t *Tracer) Begin(ctx context.Context, name string, facts ...Fact) (context.Context, End) {
	return t.begin(ctx, name, trace.SpanKindInternal, time.Time{}, facts)
}

// Send begins a span of a call to somebody else.
func (t *Tracer) Send(ctx context.Context, name string, facts ...Fact) (context.Context, End) {
	return t.begin(ctx, name, trace.SpanKindClient, time.Time{}, facts)
}

// Serve begins a span of a request. parent is the traceparent header of a caller
// that is believed, "" for a trace of our own.
func (t *Tracer) Serve(ctx context.Context, parent, name string, facts ...Fact) (context.Context, End) {
	return t.ServeSince(ctx, time.Time{}, parent, name, facts...)
}

// ServeSince is Serve for a request that came at a moment in the past.
func (t *Tracer) ServeSince(ctx context.Context, began time.Time, parent, name string, facts ...Fact) (context.Context, End) {
	if parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
	}
	return t.begin(ctx, name, trace.SpanKindServer, began, facts)
}

// Past makes a span of what has happened already.
func (t *Tracer) Past(ctx context.Context, began time.Time, failed bool, name string, facts ...Fact) {
	_, end := t.begin(ctx, name, trace.SpanKindInternal, began, facts)
	end(failed)
}

// Sampled reports whether a traceparent asks for spans.
func Sampled(parent string) bool {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": parent})
	return trace.SpanContextFromContext(ctx).IsSampled()
}

func (t *Tracer) begin(ctx context.Context, name string, kind trace.SpanKind, began time.Time, facts []Fact) (context.Context, End) {
	if t == nil {
		return ctx, func(bool, ...Fact) {}
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithAttributes(attributes(facts)...)}
	if !began.IsZero() {
		options = append(options, trace.WithTimestamp(began))
	}
	ctx, span := t.tracer.Start(ctx, name, options...)
	return ctx, func(failed bool, facts ...Fact) {
		span.SetAttributes(attributes(facts)...)
		if failed {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// complaints of the library go to the log, one in a minute.
type complaints struct {
	log  *slog.Logger
	last atomic.Int64
}

// Handle logs an error of the library. Words that an address stands in are not
// ours to repeat: it may hold a password.
func (c *complaints) Handle(err error) {
	now, last := time.Now().Unix(), c.last.Load()
	if now-last < 60 || !c.last.CompareAndSwap(last, now) {
		return
	}
	words := strings.Fields(err.Error())
	for i, word := range words {
		if strings.Contains(word, "://") {
			words[i] = "…"
		}
	}
	c.log.Warn("traces were not taken by the collector, and are lost", "cause", strings.Join(words, " "))
}
