package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/delivery"
	"github.com/keyport/keyport/web/egress"
	"github.com/keyport/keyport/web/metrics"
)

const metricsListen = "KEYPORT_METRICS_LISTEN"

// metricsListener answers Prometheus apart from everybody else: what it tells,
// how many sign-ins fail and how many keys there are, is nobody's business on the
// address that people use, and a proxy in front of that can't give it away.
type metricsListener struct {
	net.Listener // nil when nobody watches
	log          *slog.Logger
}

// listenMetrics takes the port, if there is to be one.
func (p *program) listenMetrics(ctx context.Context) (*metricsListener, error) {
	if p.MetricsListen == "" {
		return &metricsListener{}, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", p.MetricsListen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, failed(nil, "Another program uses the address %s. Stop it, or choose another address with %s.", p.MetricsListen, metricsListen)
	case err != nil:
		return nil, failed(err, "Keyport can't listen on %s. Choose an address of this machine with %s.", p.MetricsListen, metricsListen)
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		p.log.Warn("The metrics answer other machines, without asking who they are. Let a firewall see to it that only Prometheus gets there.", "listen", l.Addr().String())
	}
	return &metricsListener{l, p.log}, nil
}

// metrics makes what counts, nil when nobody watches.
func (p *program) metrics(s *store.Store, post *delivery.Post) *metrics.Metrics {
	if p.MetricsListen == "" {
		return nil
	}
	return metrics.New(metrics.Options{Store: s, Version: version, Log: p.log, Letters: func() metrics.Letters {
		n := post.Stats()
		return metrics.Letters{Sent: n.Done, Retried: n.Retried, GivenUp: n.GivenUp, Dropped: n.Dropped, Waiting: n.Waiting}
	}})
}

// serve answers until the listener is closed. Addresses that users chose, such
// as those of webhooks, must not lead here.
func (l *metricsListener) serve(m *metrics.Metrics, guard *egress.Guard) {
	if l.Listener == nil {
		return
	}
	guard.Hide(l.Addr())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(l.log.Handler(), slog.LevelDebug)}
	go func() {
		if err := server.Serve(l.Listener); err != nil && !errors.Is(err, net.ErrClosed) {
			l.log.Error("the metrics are not answered any more", "cause", err)
		}
	}()
}

// Close ends it. What is being answered is cut off.
func (l *metricsListener) Close() error {
	if l.Listener == nil {
		return nil
	}
	return l.Listener.Close()
}
