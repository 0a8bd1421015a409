package models

import "time"

// CalendarOwner says whose keys a calendar shows. Exactly one is not 0.
type CalendarOwner struct {
	UserID int64 // a person, and the keys of that person
	TeamID int64 // a team, and the keys of the service accounts that it owns
}

// CalendarFeed is a private address at which calendar programs read when keys
// end. Whoever knows the address may read it: programs can't sign in. So it is
// shown once, only its digest is kept, and it shows nothing that opens anything.
type CalendarFeed struct {
	ID        int64 `gorm:"primaryKey"`
	UserID    *int64
	TeamID    *int64
	Digest    []byte // see Keyring.FeedDigests
	CreatedAt time.Time
}

// MyCalendar is a calendar that a person may have.
type MyCalendar struct {
	Owner CalendarOwner
	Team  string        // the name of the team, "" for the person's own
	Feed  *CalendarFeed // nil while it has no address
}

// Calendar is what a feed shows.
type Calendar struct {
	Team string // "" for that of a person
	Name string // of the person or the team
	Ends []KeyEnd
}

// KeyEnd is the end of a key that works.
type KeyEnd struct {
	Key   APIKey // ID, UserID, Purpose, Prefix, CreatedAt and ExpiresAt
	Owner User
	// An end moves only when another key takes the place of this one.
	Replaced   int       // how many keys have taken its place
	ReplacedAt time.Time // when the last of them did, zero for none
}

// ChangedAt is when the end was decided: when the key was made, or when another
// key last took its place.
func (e KeyEnd) ChangedAt() time.Time {
	if e.Replaced == 0 {
		return e.Key.CreatedAt
	}
	return e.ReplacedAt
}

// MaxCalendarEnds is how many ends a calendar shows: the next ones.
const MaxCalendarEnds = 1000

// FeedDigest returns what to store of the token of a new calendar feed.
func (r *Keyring) FeedDigest(token string) []byte { return r.generations[0].feedDigest(token) }

// FeedDigests returns every digest under which a token may be stored: feeds
// outlive the change of the master key.
func (r *Keyring) FeedDigests(token string) [][]byte {
	digests := make([][]byte, len(r.generations))
	for i, g := range r.generations {
		digests[i] = g.feedDigest(token)
	}
	return digests
}

func (g generation) feedDigest(token string) []byte {
	return mac(g.link, []byte("calendar feed\x00"+token))
}
