package store

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyport/keyport/models"
)

// membership is this process among those that share the database.
type membership struct {
	models.Replica
	channel string // on which it speaks to itself
}

// Join registers this process as one that serves the portal, and listens from
// then on. On SQLite there is no other.
func (s *Store) Join(host, version string) {
	id := strings.ToLower(rand.Text()[:16])
	me := membership{Replica: models.Replica{ID: id, Host: fact(host), Version: fact(version), StartedAt: utc(time.Now())}, channel: "keyport_replica_" + id}
	s.member.Store(&me)
	s.changes.start(s.followChanges)
	s.closers = append(s.closers, s.leave) // before the feed stops; a closed feed says nothing more
}

// leave takes the process off the list. A failure is no harm: who is silent is
// swept.
func (s *Store) leave() error {
	me := s.member.Swap(nil)
	if me == nil || s.pool == nil {
		return nil
	}
	if err := s.changes.stop(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), feedFresh)
	defer cancel()
	if _, err := s.pool.Exec(ctx, "DELETE FROM replicas WHERE id = $1", me.ID); err != nil {
		s.log.Info("this replica stays on the list for some minutes", "cause", err)
	}
	return nil
}

// SweepReplicas removes those that have been silent for long, and what was heard
// long ago.
func (s *Store) SweepReplicas(ctx context.Context) error {
	if s.pool == nil {
		return nil
	}
	batch := &pgx.Batch{}
	batch.Queue("DELETE FROM replicas WHERE beat_at < clock_timestamp() - $1::interval", models.ReplicaGone)
	batch.Queue("DELETE FROM replica_heard WHERE at < clock_timestamp() - $1::interval", heardKept)
	batch.Queue("DELETE FROM told_changes WHERE at < clock_timestamp() - $1::interval", heardKept)
	return s.failure("sweep replicas", s.pool.SendBatch(ctx, batch).Close())
}

// heardKept is how long it is known when a replica heard of a change.
const heardKept = time.Hour

// Replicas returns the processes that serve the portal, to those who may
// configure it. On SQLite that is this one, unless it is a mere command.
func (s *Store) Replicas(ctx context.Context) ([]models.Replica, error) {
	switch actor := models.ActorFrom(ctx); {
	case actor == nil:
		return nil, models.Unauthorized()
	case !actor.May(models.ConfigureServer):
		return nil, models.Denied("You can't see the replicas. Ask an administrator for the right to configure the server.")
	}
	answers, err := s.answers(ctx, 0)
	list := make([]models.Replica, len(answers))
	for i, a := range answers {
		list[i] = a.Replica
	}
	return list, err
}

// answers returns all replicas, and what each has said about an event.
func (s *Store) answers(ctx context.Context, event int64) ([]models.ReplicaAnswer, error) {
	if s.pool == nil {
		return s.onlyAnswer(), nil
	}
	rows, err := s.pool.Query(ctx, `SELECT r.id, r.host, r.version, r.started_at, r.beat_at, r.heard,
			(EXTRACT(EPOCH FROM clock_timestamp() - r.beat_at) * 1000000)::bigint, r.heard >= $1 OR r.started_at > c.at,
			(EXTRACT(EPOCH FROM (SELECT min(h.at) FROM replica_heard h WHERE h.replica_id = r.id AND h.heard >= $1) - c.at) * 1000000)::bigint
		FROM replicas r LEFT JOIN told_changes c ON c.last_event = (SELECT min(last_event) FROM told_changes WHERE last_event >= $1) AND c.first_event <= $1
		WHERE r.beat_at >= clock_timestamp() - $2::interval ORDER BY r.host, r.started_at, r.id`, event, models.ReplicaGone)
	if err != nil {
		return nil, s.failure("replicas", err)
	}
	list, err := pgx.CollectRows(rows, readAnswer)
	return list, s.failure("replicas", err)
}

func readAnswer(row pgx.CollectableRow) (a models.ReplicaAnswer, err error) {
	var age int64
	var heard *bool
	var after *int64
	err = row.Scan(&a.ID, &a.Host, &a.Version, &a.StartedAt, &a.BeatAt, &a.Replica.Heard, &age, &heard, &after)
	a.Age, a.Heard = time.Duration(age)*time.Microsecond, heard != nil && *heard
	if after != nil && a.Heard {
		took := max(0, time.Duration(*after)*time.Microsecond)
		a.After = &took
	}
	return a, err
}

// onlyAnswer is that of the one process on SQLite: it knows of each change before
// the change is answered.
func (s *Store) onlyAnswer() []models.ReplicaAnswer {
	me := s.member.Load()
	if me == nil {
		return nil
	}
	answer := models.ReplicaAnswer{Replica: me.Replica, Heard: true, After: new(time.Duration)}
	answer.BeatAt = utc(time.Now())
	return []models.ReplicaAnswer{answer}
}

// acknowledgement is how far a feed is with telling what it has heard.
type acknowledgement struct {
	wrote     time.Time // when it last did
	answered  time.Time // when it last did because it had heard of something
	pending   bool      // it has heard of something since
	listening bool      // to itself
	failed    time.Time // when it last could not
}

// ackEvery is the least time between two answers of a replica.
const ackEvery = time.Second

func (a *acknowledgement) due() bool {
	return time.Since(a.wrote) >= models.ReplicaBeat || a.pending && time.Since(a.answered) >= ackEvery
}

// acknowledge writes down what this replica has heard: the newest event, and so
// all before it. That must be true, and an event can be read a moment before the
// word of it is on its way; so the replica reads the number, then speaks to
// itself, and waits until that comes in: what was committed before comes before.
func (s *Store) acknowledge(ctx context.Context, conn *pgx.Conn, a *acknowledgement) error {
	me := s.member.Load()
	if me == nil || !a.due() {
		return nil
	}
	pending := a.pending
	a.wrote, a.pending = time.Now(), false
	if pending {
		a.answered = a.wrote
	}
	err := within(ctx, feedFresh, func(ctx context.Context) error {
		newest, err := s.hearMyself(ctx, conn, me, a)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, `WITH me AS (
				INSERT INTO replicas (id, host, version, started_at, beat_at, heard) VALUES ($1, $2, $3, clock_timestamp() - $4::interval, clock_timestamp(), $5)
				ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at, heard = excluded.heard RETURNING id, heard, beat_at)
			INSERT INTO replica_heard SELECT id, heard, beat_at FROM me WHERE $6 ON CONFLICT DO NOTHING`,
			me.ID, me.Host, me.Version, time.Since(me.StartedAt), newest, pending)
		return err
	})
	if err != nil && !conn.IsClosed() && ctx.Err() == nil {
		a.pending = a.pending || pending
		s.cannotAcknowledge(ctx, a, err)
		return nil // the cache needs only what is heard
	}
	return err
}

// hearMyself returns the newest event of which, and before which, this replica
// has heard.
func (s *Store) hearMyself(ctx context.Context, conn *pgx.Conn, me *membership, a *acknowledgement) (newest int64, err error) {
	if !a.listening {
		// Signs of life need not survive a crash of the database.
		if _, err := conn.Exec(ctx, "SET synchronous_commit = off; LISTEN "+me.channel); err != nil {
			return 0, err
		}
		a.listening = true
	}
	asked, word := time.Now(), rand.Text()
	err = conn.QueryRow(ctx, "SELECT event_id FROM audit_head, pg_notify($1, $2) WHERE id = 1", me.channel, word).Scan(&newest)
	if err != nil {
		return 0, err
	}
	for {
		told, err := conn.WaitForNotification(ctx)
		switch {
		case err != nil:
			return 0, err
		case told.Channel == keyChannel:
			s.hear(told.Payload)
		case told.Channel == newKeyChannel:
			s.known.hear(told.Payload)
		case told.Payload == word:
			s.changes.hears(asked)
			return newest, nil
		}
	}
}

func (s *Store) cannotAcknowledge(ctx context.Context, a *acknowledgement, err error) {
	if time.Since(a.failed) < time.Minute {
		return
	}
	a.failed = time.Now()
	s.log.WarnContext(ctx, "this replica can't say what it has heard, so receipts will call it silent", "cause", err)
}
