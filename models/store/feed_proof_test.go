package store_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// deafened opens the database by way of something that passes on all but
// notifications, as a pooler of transactions does.
func deafened(t *testing.T, f *storetest.Fixture) *store.Store {
	t.Helper()
	config, err := pgconn.ParseConfig(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	network, socket := pgconn.NetworkAddress(config.Host, config.Port)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for near, err := listener.Accept(); err == nil; near, err = listener.Accept() {
			go withoutNotifications(near, network, socket)
		}
	}()
	address, err := url.Parse(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Del("host")
	query.Set("sslmode", "disable")
	address.Host, address.RawQuery = listener.Addr().String(), query.Encode()
	return storetest.OpenURL(t, address.String(), store.Options{Keyring: storetest.Keyring(t, 1), Now: f.Clock.Now})
}

// withoutNotifications passes messages on, each a letter and a length before its
// text, but for those with an A.
func withoutNotifications(near net.Conn, network, socket string) {
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
	from, head := bufio.NewReader(far), make([]byte, 5)
	for {
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		text := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(from, text); err != nil {
			return
		}
		if head[0] == 'A' {
			continue
		}
		if _, err := near.Write(append(head[:5:5], text...)); err != nil {
			return
		}
	}
}

// A replica whose connections answer, and bring no notification, never trusts
// what it remembers: it asks the database at each call.
func TestVerifyBehindADeafPooler(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	replica := deafened(t, f)
	key, secret := f.Issue(f.Alice, models.NewKey{})
	for since := time.Now(); time.Since(since) < 2500*time.Millisecond; time.Sleep(10 * time.Millisecond) {
		if !verifies(t, replica, secret) {
			t.Fatal("a good key is refused")
		}
	}
	if stats := replica.VerifyStats(); stats.FeedFresh || stats.Cached != 0 {
		t.Errorf("answered from memory although nothing is heard: %+v", stats)
	}
	must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
	if verifies(t, replica, secret) {
		t.Error("a revoked key is accepted")
	}
}
