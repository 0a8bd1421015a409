package main

import (
	"context"
	"net/url"

	"github.com/keyport/keyport/web/tracing"
)

// OpenTelemetry's own variables. Its library reads others by itself.
const (
	otlpEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	otlpTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	tracesExporter     = "OTEL_TRACES_EXPORTER"
	otelDisabled       = "OTEL_SDK_DISABLED"
	otlpProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	otlpTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
)

// traces reads where spans go. Whoever sets none of these variables gets none.
func (e *environment) traces() *url.URL {
	if e.text(otelDisabled, "") == "true" || e.text(tracesExporter, "") == "none" {
		return nil
	}
	name, value := otlpTracesEndpoint, e.text(otlpTracesEndpoint, "")
	if value == "" {
		name, value = otlpEndpoint, e.text(otlpEndpoint, "")
	}
	if value == "" {
		return nil
	}
	for _, protocol := range []string{otlpTracesProtocol, otlpProtocol} {
		if p := e.text(protocol, ""); p != "" && p != "http/protobuf" {
			e.wrong("%s is %q. Keyport speaks http/protobuf: set that, with the collector's port for it, which is usually 4318.", protocol, p)
		}
	}
	u, err := url.Parse(value)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		e.wrong("%s is not an address. Use one such as http://127.0.0.1:4318.", name)
		return nil
	case u.User != nil:
		e.wrong("%s must not hold a user name or a password. Set OTEL_EXPORTER_OTLP_HEADERS instead.", name)
	}
	if name == otlpEndpoint {
		u = u.JoinPath("v1", "traces")
	}
	return u
}

// openTraces makes what makes spans, nil when nobody looks.
func (p *program) openTraces(ctx context.Context) (*tracing.Tracer, error) {
	if p.Traces == nil {
		return nil, nil
	}
	t, err := tracing.New(ctx, tracing.Options{Endpoint: p.Traces, Version: version, Log: p.log})
	if err != nil {
		return nil, failed(err, "The traces can't be set up. Check the variables that begin with OTEL_.")
	}
	return t, nil
}

// closeTraces sends the last spans.
func (p *program) closeTraces(ctx context.Context) {
	if err := p.trace.Close(ctx); err != nil {
		p.log.Warn("the last traces were not sent")
	}
}
