package models

import "time"

// Replica is a process that serves the portal. Several may share one database.
type Replica struct {
	ID        string // chosen at random at each start
	Host      string
	Version   string
	StartedAt time.Time
	BeatAt    time.Time     // when it last said that it hears of changes
	Age       time.Duration // how long ago that was, by the database's clock
	Heard     int64         // the newest event that it has heard of, with all before
}

// When a replica is taken for silent, and for gone.
const (
	ReplicaBeat   = 5 * time.Second // between two signs of life, when nothing happens
	ReplicaSilent = 12 * time.Second
	ReplicaGone   = 5 * time.Minute
)

// Silent reports whether the replica has missed its signs of life.
func (r Replica) Silent() bool { return r.Age > ReplicaSilent }

// ReplicaRefusesAfter is how long a replica that hears nothing any more still
// trusts what it remembers.
const ReplicaRefusesAfter = 700 * time.Millisecond

// ChangeReceipt tells which replicas have heard of a change, such as a revoked key.
type ChangeReceipt struct {
	EventID int64         // of the change, 0 when the trail does not reach back so far
	At      time.Time     // when it was committed
	Age     time.Duration // how long ago that was
	Timed   bool          // At and Age are of the clock by which replicas answer
	Answers []ReplicaAnswer

	// Of the key, when the change is about one.
	LastUsedAt *time.Time
	LastUsedIP string
}

// ReplicaAnswer is what a replica has said about a change.
type ReplicaAnswer struct {
	Replica
	Heard bool
	After *time.Duration // between the commit and the answer, nil when nobody measured it
}

// ReceiptPatience is how long somebody waits for the answers of replicas.
const ReceiptPatience = 2 * time.Second

// Heard counts the replicas that have heard of the change.
func (r ChangeReceipt) Heard() (n int) {
	for _, a := range r.Answers {
		if a.Heard {
			n++
		}
	}
	return n
}

// Complete reports whether all replicas have.
func (r ChangeReceipt) Complete() bool { return r.Heard() == len(r.Answers) }

// Waiting reports whether it is worth to look again in a moment.
func (r ChangeReceipt) Waiting() bool { return !r.Complete() && r.Timed && r.Age < ReceiptPatience }

// Took returns how long it took until the last of those that have heard had, and
// whether all of them were measured.
func (r ChangeReceipt) Took() (took time.Duration, known bool) {
	for _, a := range r.Answers {
		switch {
		case !a.Heard:
		case a.After == nil:
			return 0, false
		default:
			took, known = max(took, *a.After), true
		}
	}
	return took, known
}
