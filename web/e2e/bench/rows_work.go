//go:build unix

package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"
)

// lastUse measures how long it takes to write down that many keys were used.
func lastUse(ctx context.Context, b *bench) error {
	secrets, err := os.ReadFile(b.secrets)
	if err != nil {
		return err
	}
	for _, e := range engines {
		keyport, _, err := b.keyport(ctx, e)
		if err != nil {
			return err
		}
		defer keyport.stop()
		n := b.cached / 10
		if err := (&bench{plan: plan{cached: n, conns: b.conns}}).fillCache(ctx, keyport, secrets); err != nil {
			return err
		}
		r, err := keyport.ask("flush")
		if err != nil {
			return err
		}
		b.add(fmt.Sprintf("last use of %d keys written, %s", n, e), short(r.Took), "", "%s for each; once a minute at the most, beside the calls", short(r.Took/time.Duration(n)))
	}
	return nil
}

// expiry compares the task that warns of ends with reading the keys that are due
// by the index, and with the same task where few keys are stored.
func expiry(ctx context.Context, b *bench) error {
	for _, e := range engines {
		scan, err := b.makeDue(b.large[e])
		if err != nil {
			return err
		}
		if _, err := b.makeDue(b.small[e]); err != nil {
			return err
		}
		few, err := b.task(ctx, b.small[e], "expiry")
		if err != nil {
			return err
		}
		many, err := b.task(ctx, b.large[e], "expiry")
		if err != nil {
			return err
		}
		nothing, err := b.task(ctx, b.large[e], "expiry")
		if err != nil {
			return err
		}
		if want := min(b.due, b.few*3/4); many.Count != want || few.Count != want {
			return fmt.Errorf("%d and %d keys were due, want %d", many.Count, few.Count, want)
		}
		b.add(fmt.Sprintf("expiry task, %s: %d due of %d keys, against the plain index scan", e, many.Count, b.keys), times(many.Took.Seconds()/scan.Seconds()), "",
			"%s with its events, %s for each; scan %s; %s with nothing due; at most %s", short(many.Took), short(many.Took/time.Duration(max(1, many.Count))), short(scan), short(nothing.Took), megabytes(many.Peak))
		b.add(fmt.Sprintf("expiry task, %s: %d keys stored against %d", e, b.keys, b.few), times(many.Took.Seconds()/few.Took.Seconds()), "", "as many due: %s against %s", short(many.Took), short(few.Took))
	}
	return nil
}

// makeDue lets the moment of some keys come, and returns how long it takes to
// read them by the index.
func (b *bench) makeDue(d database) (time.Duration, error) {
	db, err := d.past()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	now := time.Now().UTC()
	choose := "UPDATE api_keys SET notice_at = $1, expires_at = $1, seal = seal WHERE id IN (SELECT id FROM api_keys WHERE revoked_at IS NULL AND created_at < $1 ORDER BY id LIMIT $2)"
	if _, err := db.Exec(choose, d.moment(now.Add(-time.Minute)), min(b.due, b.few*3/4)); err != nil {
		return 0, err
	}
	read := func() error {
		rows, err := db.Query("SELECT id FROM api_keys WHERE notice_at <= $1 AND revoked_at IS NULL ORDER BY notice_at, id", d.moment(now))
		return drain(rows, err)
	}
	if err := read(); err != nil {
		return 0, err
	}
	return since(read)
}

func drain(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
	}
	return rows.Err()
}

// task does a task in a process of its own.
func (b *bench) task(ctx context.Context, d database, name string) (report, error) {
	c, err := b.start(ctx, order{Kind: "work", Engine: d.engine, URL: d.url})
	if err != nil {
		return report{}, err
	}
	defer c.stop()
	return c.ask(name)
}

// transactions is how many the large database on PostgreSQL has ended.
func (b *bench) transactions(ctx context.Context) (n int64, err error) {
	db, err := b.large[postgres].past()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	time.Sleep(1100 * time.Millisecond) // until the others have told what they did
	err = db.QueryRowContext(ctx, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()").Scan(&n)
	return n, err
}
