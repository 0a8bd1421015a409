//go:build unix

package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/metrics"
	"github.com/keyport/keyport/web/webtest"
)

// measured starts a portal whose metrics are on.
func measured(t *testing.T, f *storetest.Fixture) (*webtest.Site, *metrics.Metrics) {
	t.Helper()
	m := metrics.New(metrics.Options{Store: f.Store, Version: "0.0.1", Log: slog.New(slog.NewTextHandler(f.Log, nil)), Letters: func() metrics.Letters { return metrics.Letters{Sent: 3, Waiting: 1} }})
	return webtest.New(t, f.Store, func(o *web.Options) { o.Metrics = m }), m
}

// scrape reads the metrics as Prometheus does.
func scrape(t *testing.T, m *metrics.Metrics) (string, map[string]*dto.MetricFamily) {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("status %d: %s", answer.Code, answer.Body)
	}
	text := answer.Body.String()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return text, families
}

// value returns one series: its name and the values of its labels, in their order.
func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	for _, one := range families[name].GetMetric() {
		var have []string
		for _, pair := range one.GetLabel() {
			have = append(have, pair.GetValue())
		}
		if slices.Equal(have, labels) {
			return one.GetCounter().GetValue() + one.GetGauge().GetValue() + float64(one.GetHistogram().GetSampleCount())
		}
	}
	t.Fatalf("no series %s%q", name, labels)
	return 0
}

func TestMetrics(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site, m := measured(t, f)
		_, far := f.Issue(f.Alice, models.NewKey{})
		f.Issue(f.Bob, models.NewKey{Expires: models.ExpiresAt(f.Clock.Now().Add(5 * 24 * time.Hour))})
		f.Issue(f.Bob, models.NewKey{Expires: models.ExpiresAt(f.Clock.Now().Add(15 * 24 * time.Hour))})
		dead, gone := f.Issue(f.Robot, models.NewKey{})
		if _, err := f.Store.RevokeAPIKey(storetest.Console(), f.Robot.ID, dead.ID); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			site.WithKey(far.Reveal()).Get("/verify").Want(http.StatusOK)
		}
		site.WithKey(gone.Reveal()).Get("/verify").Want(http.StatusUnauthorized)
		site.WithKey(far.Reveal()).Get("/verify/unregistered").Want(http.StatusForbidden)
		site.Client().Do(http.MethodPost, "/verify", "", nil).Want(http.StatusMethodNotAllowed)
		site.SignedIn("alice", storetest.Password).Get("/account/apikeys").Want(http.StatusOK)
		site.Client().Form("/sign-in", url.Values{"username": {"alice"}, "password": {"wrong"}})
		if err := errors.Join(f.Store.ScheduleExpiryTask(storetest.Console()), f.Store.RunExpiryTaskNow(storetest.Console())); err != nil {
			t.Fatal(err)
		}

		text, families := scrape(t, m)
		for _, want := range []struct {
			n      float64
			name   string
			labels []string
		}{
			{3, "keyport_verifications_total", []string{"allowed"}},
			{1, "keyport_verifications_total", []string{"unauthorized"}},
			{1, "keyport_verifications_total", []string{"forbidden"}},
			{1, "keyport_verifications_total", []string{"malformed"}},
			{6, "keyport_verification_duration_seconds", nil},
			{4, "keyport_key_lookups_total", []string{"good"}},
			{1, "keyport_sign_ins_total", []string{"succeeded"}},
			{1, "keyport_sign_ins_total", []string{"failed"}},
			{1, "keyport_http_requests_total", []string{"/account/apikeys", "200"}},
			{3, "keyport_keys_live", nil},
			{1, "keyport_keys_expiring", []string{"10"}},
			{2, "keyport_keys_expiring", []string{"20"}},
			{3, "keyport_letters_total", []string{"sent"}},
			{float64(f.Clock.Now().UnixMicro()) / 1e6, "keyport_expiry_task_last_end_timestamp_seconds", nil},
		} {
			if got := value(t, families, want.name, want.labels...); got != want.n {
				t.Errorf("%s%q = %v, want %v", want.name, want.labels, got, want.n)
			}
		}
		for _, secret := range []string{far.Reveal(), gone.Reveal(), dead.ID, "alice", storetest.Password} {
			if strings.Contains(text, secret) {
				t.Errorf("the metrics hold %q", secret)
			}
		}
	})
}

// Every name is one that Prometheus's own rules like, and explained in the README.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	f := storetest.New(t, storetest.SQLite)
	site, m := measured(t, f)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	site.WithKey(secret.Reveal()).Get("/verify").Want(http.StatusOK)
	site.Client().Get("/healthz").Want(http.StatusOK)
	if err := errors.Join(f.Store.ScheduleExpiryTask(storetest.Console()), f.Store.RunExpiryTaskNow(storetest.Console())); err != nil {
		t.Fatal(err)
	}
	problems, err := testutil.GatherAndLint(m.Registry())
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, families := scrape(t, m)
	ours := 0
	for name, family := range families {
		if !strings.HasPrefix(name, "keyport_") {
			continue
		}
		ours++
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("the README does not name %s", name)
		}
		if len(family.GetHelp()) < 20 {
			t.Errorf("%s: the help is %q", name, family.GetHelp())
		}
	}
	if ours < 25 {
		t.Errorf("%d metrics of ours, want all", ours)
	}
	for line := range strings.Lines(string(readme)) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "`"); ok && strings.HasPrefix(name, "keyport_") && families[name] == nil {
			t.Errorf("the README names %s, which there is not", name)
		}
	}
}

// A dashboard that asks for what there is not shows nothing, and an alert never
// fires.
func TestDashboardAndAlertsAskForWhatThereIs(t *testing.T) {
	t.Parallel()
	f := storetest.New(t, storetest.SQLite)
	site, m := measured(t, f)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	site.WithKey(secret.Reveal()).Get("/verify").Want(http.StatusOK)
	site.Client().Get("/healthz").Want(http.StatusOK)
	if err := errors.Join(f.Store.ScheduleExpiryTask(storetest.Console()), f.Store.RunExpiryTaskNow(storetest.Console())); err != nil {
		t.Fatal(err)
	}
	_, families := scrape(t, m)
	known := map[string]bool{}
	for name, family := range families {
		known[name] = true
		if family.GetType() == dto.MetricType_HISTOGRAM {
			known[name+"_bucket"], known[name+"_sum"], known[name+"_count"] = true, true, true
		}
	}
	dashboard, alerts := readFile(t, "../cmd/keyport/deploy/grafana-dashboard.json"), readFile(t, "../cmd/keyport/deploy/alerts.yaml")
	var shown struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(dashboard), &shown); err != nil {
		t.Fatal(err)
	}
	asked, ids := map[string]bool{}, map[int]bool{}
	name := regexp.MustCompile(`\b(keyport|go|process)_[a-z_]+\b`)
	for _, panel := range shown.Panels {
		if ids[panel.ID] || panel.Title == "" {
			t.Errorf("panel %d, %q: its id is taken, or it has no title", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			if !name.MatchString(target.Expr) {
				t.Errorf("panel %q asks for nothing: %s", panel.Title, target.Expr)
			}
			for _, n := range name.FindAllString(target.Expr, -1) {
				asked[n] = true
			}
		}
	}
	for _, line := range regexp.MustCompile(`expr: .*`).FindAllString(alerts, -1) {
		for _, n := range name.FindAllString(line, -1) {
			asked[n] = true
		}
	}
	for n := range asked {
		if !known[n] {
			t.Errorf("%s is asked for, and there is none", n)
		}
	}
	for n := range families { // what nobody shows, nobody looks at
		if strings.HasPrefix(n, "keyport_") && !asked[n] && !asked[n+"_bucket"] {
			t.Errorf("neither the dashboard nor an alert asks for %s", n)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whatever comes from outside, there are no more series.
func TestMetricsStayBounded(t *testing.T) {
	t.Parallel()
	f := storetest.New(t, storetest.SQLite)
	site, m := measured(t, f)
	hostile := func(n int) {
		c := site.Client()
		canary := fmt.Sprintf("canary%d", n)
		c.Header = http.Header{"X-Api-Key": {canary}, "User-Agent": {canary}, "X-Forwarded-For": {canary}, "Host": {canary}}
		for _, path := range []string{"/" + canary, "/api/" + canary, "/verify/" + canary, "/account/apikeys/" + canary, "/api/users/" + canary + "/apikeys/" + canary,
			"/static/" + canary, "/%00" + canary, "/api/" + canary + "%2f.." + canary, "/sign-in?next=" + canary} {
			for _, method := range []string{http.MethodGet, "CANARY" + fmt.Sprint(n), http.MethodOptions} {
				c.Do(method, path, "", nil)
			}
		}
		c.Form("/sign-in", url.Values{"username": {canary}, "password": {canary}})
	}
	hostile(0)
	text, before := scrape(t, m)
	for n := 1; n < 30; n++ {
		hostile(n)
	}
	text2, after := scrape(t, m)
	if strings.Contains(strings.ToLower(text+text2), "canary") {
		t.Error("the metrics hold what came from outside")
	}
	series := func(families map[string]*dto.MetricFamily) (n int) {
		for name, family := range families {
			if strings.HasPrefix(name, "keyport_") {
				n += len(family.GetMetric())
			}
		}
		return n
	}
	// A flood of wrong keys and sign-ins comes to be refused by 429 on some routes.
	if a, b := series(before), series(after); b > a+6 {
		t.Errorf("%d series became %d: %v", a, b, slices.Sorted(maps.Keys(after)))
	}
}

// Counting is on the path of every call of every service.
func TestCountingAVerificationAllocatesNothing(t *testing.T) {
	m := metrics.New(metrics.Options{})
	took := time.Duration(0)
	if n := testing.AllocsPerRun(1000, func() { m.Verified(metrics.Allowed, took); took += time.Millisecond }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
	var none *metrics.Metrics
	none.Verified(metrics.Allowed, took)
	none.Answered("/", "page", 200, took)
}

func BenchmarkCountVerification(b *testing.B) {
	m := metrics.New(metrics.Options{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			began := time.Now()
			m.Verified(metrics.Allowed, time.Since(began))
		}
	})
}

// A load balancer asks before it sends the next request: it must be told that
// this one stops while it still answers.
func TestStopIsToldBeforeTheDoorCloses(t *testing.T) {
	t.Parallel()
	f := storetest.New(t, storetest.SQLite)
	server := webtest.New(t, f.Store, func(o *web.Options) { o.DrainDelay = 2 * time.Second }).Server
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, l) }()
	ask := func(path string) int {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // each time through the door
		response, err := client.Get("http://" + l.Addr().String() + path)
		if err != nil {
			return 0
		}
		response.Body.Close()
		return response.StatusCode
	}
	if got := ask("/readyz"); got != http.StatusOK {
		t.Fatalf("readyz = %d, want 200", got)
	}
	stop()
	deadline := time.Now().Add(5 * time.Second)
	for ask("/readyz") == http.StatusOK && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if ready, alive, page := ask("/readyz"), ask("/healthz"), ask("/sign-in"); ready != http.StatusServiceUnavailable || alive != http.StatusOK || page != http.StatusOK {
		t.Errorf("while it stops: readyz %d, healthz %d, sign-in %d; want 503, 200, 200", ready, alive, page)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := ask("/healthz"); got != 0 {
		t.Errorf("after the end: %d", got)
	}
}

// A database that is not as this version needs it takes no requests.
func TestReadyNeedsTheSchema(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		site.Client().Get("/readyz").Want(http.StatusOK)
		f.Exec("DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)")
		if a := site.Client().Get("/readyz").Want(http.StatusServiceUnavailable); !strings.Contains(a.Body, "keyport migrate") {
			t.Errorf("readyz says %q", a.Body)
		}
		site.Client().Get("/healthz").Want(http.StatusOK)
	})
}
