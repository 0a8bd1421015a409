package store

import (
	"bytes"
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/keyport/keyport/models"
)

// keyAsks looks up on PostgreSQL together what comes at the same time: a query for
// twenty keys takes the database and the network little more than one for a
// single key. Nobody waits for others to come: whoever finds a query free asks at
// once, for himself and for those who are in line.
type keyAsks struct {
	query     string
	withOwner bool

	mu      sync.Mutex
	line    []*keyAsk
	queries int // that run
}

const (
	// mostQueries is how many queries run at a time; a pool has twice as many
	// connections at least.
	mostQueries = 4
	// mostAsked is how many keys are in one.
	mostAsked = 64
)

// keyAsk is a key that is looked up. Once it is answered there is the key, with
// its owner if the query asks for him, or an error.
type keyAsk struct {
	digests  []models.Digest
	key      models.APIKey
	user     models.User
	err      error
	answered chan struct{}
}

// ask looks a key up. A caller who leaves leaves the others their answers.
func (s *Store) ask(ctx context.Context, asks *keyAsks, digests []models.Digest) (*keyAsk, error) {
	a := &keyAsk{digests: digests, answered: make(chan struct{})}
	if batch := asks.join(a); batch != nil {
		s.lead(ctx, asks, batch)
	}
	select {
	case <-a.answered:
		return a, a.err
	case <-ctx.Done():
		return a, ctx.Err()
	}
}

// lead asks for a batch, and leaves to another goroutine what came meanwhile.
func (s *Store) lead(ctx context.Context, asks *keyAsks, batch []*keyAsk) {
	ctx = context.WithoutCancel(ctx)
	s.answer(ctx, asks, batch)
	if rest := asks.next(); rest != nil {
		go func() {
			for ; rest != nil; rest = asks.next() {
				s.answer(ctx, asks, rest)
			}
		}()
	}
}

// join puts a key in line and returns all that are, if a query is free for them.
func (k *keyAsks) join(a *keyAsk) []*keyAsk {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.line = append(k.line, a)
	if k.queries == mostQueries {
		return nil
	}
	k.queries++
	return k.take(mostAsked)
}

// next returns who is in line once a query has ended, nil when nobody is.
func (k *keyAsks) next() []*keyAsk {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.line) == 0 {
		k.queries--
		return nil
	}
	return k.take(mostAsked)
}

func (k *keyAsks) take(most int) []*keyAsk {
	n := min(len(k.line), most)
	batch := k.line[:n:n]
	if k.line = k.line[n:]; len(k.line) == 0 {
		k.line = nil
	}
	return batch
}

// answer looks a batch up and answers it. A connection may have died since it was
// last used, so a query that fails is asked once more while there is time. When
// the database is silent, those in line have waited as long as they may.
func (s *Store) answer(ctx context.Context, asks *keyAsks, batch []*keyAsk) {
	ctx, cancel := context.WithTimeout(ctx, authenticateTimeout)
	defer cancel()
	err := s.readKeys(ctx, asks, batch)
	if err != nil && ctx.Err() == nil {
		err = s.readKeys(ctx, asks, batch)
	}
	if ctx.Err() != nil && err != nil {
		asks.mu.Lock()
		batch = append(batch, asks.take(len(asks.line))...)
		asks.mu.Unlock()
	}
	for _, a := range batch {
		switch {
		case err != nil:
			a.err = err
		case a.key.ID == "":
			a.err = pgx.ErrNoRows
		}
		close(a.answered)
	}
}

// readKeys asks one query. Whatever goes wrong is an error: somebody waits for
// the answer.
func (s *Store) readKeys(ctx context.Context, asks *keyAsks, batch []*keyAsk) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			s.log.ErrorContext(ctx, "panic while keys were looked up", "value", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	rows, err := s.pool.Query(ctx, asks.query, digestArgs(batch)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var key models.APIKey
	var user models.User
	fields := verifyFields(&key, &user, asks.withOwner)
	fields = append(fields, &key.Digest)
	for rows.Next() {
		key, user = models.APIKey{}, models.User{}
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		handOut(batch, &key, &user)
	}
	return rows.Err()
}

// digestArgs are the arguments of a query: of each generation of master keys its
// id and the digests of all.
func digestArgs(batch []*keyAsk) []any {
	args := make([]any, 0, 2*len(batch[0].digests))
	for i, generation := range batch[0].digests {
		sums := make([][]byte, len(batch))
		for j, a := range batch {
			sums[j] = a.digests[i].Sum[:]
		}
		args = append(args, generation.PepperID, sums)
	}
	return args
}

// handOut gives a key to all who asked for it.
func handOut(batch []*keyAsk, key *models.APIKey, user *models.User) {
	for _, a := range batch {
		for i := range a.digests {
			if a.digests[i].PepperID == key.PepperID && bytes.Equal(a.digests[i].Sum[:], key.Digest) {
				a.key, a.user = *key, *user
			}
		}
	}
}
