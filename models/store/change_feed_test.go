package store_test

import (
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// silenced opens the database as another replica, whose connections fall silent
// when cut is called: they stay open, and nothing comes through.
func silenced(t *testing.T, f *storetest.Fixture) (s *store.Store, cut, heal func()) {
	t.Helper()
	address, err := url.Parse(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.New(io.Discard))
	proxy := toxiproxy.NewProxy(server, "database", "127.0.0.1:0", bridge(t, f.URL))
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	query := address.Query()
	query.Del("host")
	address.Host, address.RawQuery = proxy.Listen, query.Encode()
	s = storetest.OpenURL(t, address.String(), store.Options{Keyring: storetest.Keyring(t, 1), Now: f.Clock.Now})
	cut = func() {
		for _, way := range []string{"upstream", "downstream"} {
			toxic := `{"name": "` + way + `", "type": "timeout", "stream": "` + way + `", "attributes": {"timeout": 0}}`
			if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s, cut, func() { proxy.Toxics.ResetToxics(t.Context()) }
}

// bridge gives a server that may listen on a socket file only an address that
// the proxy can dial.
func bridge(t *testing.T, database string) string {
	t.Helper()
	config, err := pgconn.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	network, socket := pgconn.NetworkAddress(config.Host, config.Port)
	go func() {
		for near, err := listener.Accept(); err == nil; near, err = listener.Accept() {
			go join(near, network, socket)
		}
	}()
	return listener.Addr().String()
}

func join(near net.Conn, network, socket string) {
	defer near.Close()
	far, err := net.Dial(network, socket)
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		_, _ = io.Copy(far, near)
		far.Close()
	}()
	_, _ = io.Copy(near, far)
}

// A replica that hears nothing any more stops trusting its cache before a second
// is over: it says that it can't know, and neither lets in nor refuses for good.
// When the database is back, so is it, and it has learned what it missed.
func TestVerifyWithTheFeedCut(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	replica, cut, heal := silenced(t, f)
	key, secret := f.Issue(f.Alice, models.NewKey{})
	_, kept := f.Issue(f.Alice, models.NewKey{})
	warm(t, replica, secret)
	warm(t, replica, kept)
	cut()
	must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
	since := time.Now()
	for time.Since(since) < 3*time.Second {
		began := time.Since(since)
		_, err := replica.Verify(nobody, secret.Reveal())
		switch {
		case err == nil && began > time.Second:
			t.Fatalf("accepted %v after the key was revoked", began)
		case err != nil:
			wantKind(t, err, models.Unavailable)
		}
	}
	if replica.VerifyStats().FeedFresh {
		t.Error("the cache may still answer")
	}
	heal()
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		_, err := replica.Verify(nobody, secret.Reveal())
		if models.KindOf(err) == models.Unauthenticated {
			break
		}
		if err == nil || time.Now().After(until) {
			t.Fatalf("error = %v, want the key refused", err)
		}
	}
	warm(t, replica, kept)
}
