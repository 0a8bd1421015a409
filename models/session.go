package models

import "time"

// Session limits. Idle and absolute are OWASP's advice for a portal that hands
// out credentials; SeenEvery bounds how often a session is written.
const (
	SessionIdle     = 60 * time.Minute
	SessionAbsolute = 12 * time.Hour
	SessionSeen     = time.Minute
)

// FreshSignIn is how long a sign-in counts as proof that it is still the same
// person at the keyboard; after it, what hands out or takes away access asks
// once more.
const FreshSignIn = 15 * time.Minute

// Session is one browser that is signed in. Digest is SHA-256 of the random id
// in its cookie, so that a copy of the table opens nothing.
type Session struct {
	Digest     []byte `gorm:"primaryKey"`
	UserID     int64
	CreatedAt  time.Time
	SeenAt     time.Time // written at most once in SessionSeen
	EndsAt     time.Time // absolute end
	SignedInAt time.Time // when the password was last entered
	Address    string
	UserAgent  string
	Flash      string // a notice for the next page
}

// Live reports whether the session still counts at now.
func (s Session) Live(now time.Time) bool {
	return now.Before(s.EndsAt) && now.Before(s.SeenAt.Add(SessionIdle))
}
