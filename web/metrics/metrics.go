// Package metrics tells Prometheus how Keyport does. It counts what the edge
// answers, and reads the rest from the store whenever it is asked.
//
// No label has a value that somebody outside chooses: routes are patterns, and
// neither names, keys nor addresses are here.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/keyport/keyport/models/store"
)

// Options are what is measured.
type Options struct {
	Store   *store.Store
	Letters func() Letters // nil where nothing is ever sent
	Version string
	Log     *slog.Logger
}

// Letters counts the letters that requests asked for.
type Letters struct {
	Sent, Retried, GivenUp, Dropped int64
	Waiting                         int
}

// Metrics counts and answers. Methods of a nil *Metrics count nothing.
type Metrics struct {
	Options
	registry *prometheus.Registry
	verified verifications
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec

	mu       sync.Mutex
	overview store.Overview
	asked    time.Time
	known    bool // overview was read
	failures int64
}

// New makes the metrics of one process.
func New(o Options) *Metrics {
	m := &Metrics{Options: o, registry: prometheus.NewRegistry()}
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "keyport_http_requests_total",
		Help: "Requests that were answered, by pattern of the route and status; without /verify, see keyport_verifications_total. Look at the log for the cause of each 5xx."}, []string{"route", "status"})
	m.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "keyport_http_request_duration_seconds",
		Help:    "Time until a request was answered, by kind of route. If pages get slow, look at keyport_database_wait_seconds_total first.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"kind"})
	m.registry.MustRegister(m.requests, m.seconds, m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers scrapes. One that fails in part says so and gives the rest.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(m.Log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
}

// Registry returns where everything is registered.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Verified counts a verification.
func (m *Metrics) Verified(o Outcome, took time.Duration) {
	if m != nil {
		m.verified.count(o, took)
	}
}

// Answered counts a request. route is the pattern of an address of ours, "" for
// any that there is not.
func (m *Metrics) Answered(route, kind string, status int, took time.Duration) {
	if m == nil {
		return
	}
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(kind).Observe(took.Seconds())
}

// overviewEvery is the least time between two questions to the database, however
// many scrape.
const overviewEvery = time.Minute

// overviewTime bounds a question.
const overviewTime = 5 * time.Second

// current returns how things stand, as of a minute ago at the most. What can't
// be read now is left out and not given as it was.
func (m *Metrics) current() (o store.Overview, known bool, failures int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asked.IsZero() || time.Since(m.asked) >= overviewEvery {
		ctx, cancel := context.WithTimeout(context.Background(), overviewTime)
		defer cancel()
		var err error
		m.overview, err = m.Store.Overview(ctx)
		m.asked, m.known = time.Now(), err == nil
		if err != nil {
			m.failures++
			m.Log.Warn("the metrics that the database knows are missing for a minute", "cause", err)
		}
	}
	return m.overview, m.known, m.failures
}

func goVersion() string { return runtime.Version() }
