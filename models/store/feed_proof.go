package store

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// errDeaf is a connection that answers, and on which no notification comes in.
var errDeaf = errors.New("no notification comes through to this process; if a pooler is between it and PostgreSQL, connect past it, or let it pool sessions and not transactions")

const (
	// proofPatience is how long a notification may take that proves the feed.
	proofPatience = time.Second
	// deafPause is between two tries with a database that is heard of nothing.
	deafPause = 10 * time.Second
)

// proveHearing makes sure that what others say comes in. A pooler that lends
// connections for one transaction takes LISTEN, answers each heartbeat, and never
// passes anything on: the feed would call itself fresh, and hear nothing. So
// another connection says a word, and the feed, which asks for nothing meanwhile,
// must hear it.
func (s *Store) proveHearing(ctx context.Context, conn *pgx.Conn) error {
	word := strings.ToLower(rand.Text())
	channel := "keyport_echo_" + word
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, "SELECT pg_notify($1, '')", channel); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	for {
		told, err := conn.WaitForNotification(limited)
		switch {
		case err != nil && ctx.Err() == nil && limited.Err() != nil:
			return errDeaf
		case err != nil:
			return err
		case told.Channel == channel:
			_, err := conn.Exec(ctx, "UNLISTEN "+channel)
			return err
		} // whatever else is said now: all is forgotten once this is proved
	}
}
