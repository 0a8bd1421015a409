package models

import (
	"strconv"
	"strings"
	"time"
)

// Limits of revoking many keys at once.
const (
	MaxRevocation = CountLimit // keys at once
	MaxReason     = 200        // characters of the reason
	MaxKeyIDs     = 1000       // keys that are named one by one
	// PreviewLife is how long the preview of a revocation may be acted upon.
	PreviewLife = time.Hour
	maxQuery    = 8 * 1024
)

// Revocation is the work of revoking many keys at once. It lives in the
// database: whichever replica has time goes on with it, also after the one that
// began it has ended.
type Revocation struct {
	ID           int64  `gorm:"primaryKey"`
	FormID       string // a form starts one revocation
	UserID       int64  // who started it
	Username     string
	IdentifiedBy string
	Address      string
	UserAgent    string
	RequestID    string
	Reason       string
	Query        string       // of the list that the keys were chosen in
	Selection    KeySelection `gorm:"serializer:json"`
	Total        int          // keys that were chosen
	Revoked      int          // of them revoked so far
	Skipped      int          // of them left alone so far
	StartedAt    time.Time
	FinishedAt   *time.Time
	Stopped      string // why it ended before its end, "" if it did not
}

// Done is the number of keys that were dealt with.
func (r Revocation) Done() int { return r.Revoked + r.Skipped }

// Running reports whether there is work left.
func (r Revocation) Running() bool { return r.FinishedAt == nil }

// Outcome is what became of a key that a revocation has chosen.
type Outcome string

// The outcomes. A key without one still waits, or was left alone when the
// revocation stopped.
const (
	OutcomeRevoked Outcome = "revoked"
	OutcomeEnded   Outcome = "ended"   // had expired, or somebody else had revoked it
	OutcomeChanged Outcome = "changed" // no longer what was chosen: used, renamed, given to somebody else
	OutcomeGone    Outcome = "gone"    // deleted with its owner
)

// RevocationKey is one key of a revocation with its outcome. Of a key that is
// gone only the id is left.
type RevocationKey struct {
	OwnedKey
	Outcome Outcome
}

// RevocationWish is the wish to revoke the keys that a preview has shown.
type RevocationWish struct {
	Selection KeySelection
	Query     string
	Reason    string
	KeyIDs    []string // of the keys of the selection only these; nil for all of them
	Shown     int      // keys that whoever wishes it has agreed to
	FormID    string
}

// RevocationPreview is what a revocation would do.
type RevocationPreview struct {
	Keys      Bounded // usable keys that are chosen
	UsedToday int     // of them used in the 24 hours before
	Owners    int     // users they belong to
	Sample    []OwnedKey
}

// Check cleans the wish and returns all that is wrong with it.
func (w RevocationWish) Check(now time.Time) (RevocationWish, []Problem) {
	var problems []Problem
	reason, problem := CleanText(w.Reason, "The reason", MaxReason)
	if problem == "" && reason == "" {
		problem = "State why these keys are revoked. The reason stands in the audit trail of each key."
	}
	if problem != "" {
		problems = append(problems, Problem{"Reason", problem})
	}
	if w.Selection.At.After(now) || now.Sub(w.Selection.At) > PreviewLife {
		problems = append(problems, Problem{"", "This preview is older than an hour. Look at the keys again, and then revoke them."})
	}
	if w.KeyIDs != nil {
		w.KeyIDs, problem = CleanKeyIDs(w.KeyIDs)
		if problem == "" && len(w.KeyIDs) != w.Shown {
			problem = "The list names " + strconv.Itoa(len(w.KeyIDs)) + " different keys, and the number that you expect is " + strconv.Itoa(w.Shown) + ". Send the number of the keys that you name."
		}
		if problem != "" {
			problems = append(problems, Problem{"KeyIDs", problem})
		}
	}
	w.Reason = reason
	if len(w.Query) > maxQuery || !plainText(w.Query) {
		w.Query = "" // only a way back to the list
	}
	return w, problems
}

// MayRevokeMany decides who may revoke keys by a filter. It is the right to
// revoke any key: whoever has it may revoke each of them, whatever their owners
// may do.
func MayRevokeMany(actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case !actor.May(UserEdit):
		return Denied("You can't revoke other people's keys. Ask an administrator for the right to edit users.")
	}
	return nil
}

// MaySeeAllKeys decides who may look at the keys of all users.
func MaySeeAllKeys(actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case !actor.May(UserView):
		return Denied("You can't see everybody's keys. Ask an administrator for the right to view users.")
	}
	return nil
}

// OutcomeOf decides what becomes of a key that was chosen a while ago. Only
// what still is as it was shown is revoked: a key that was chosen because nobody
// used it is left alone when somebody has begun to.
func (r Revocation) OutcomeOf(k OwnedKey, now time.Time) Outcome {
	switch {
	case !k.Usable(now):
		return OutcomeEnded
	case !r.Selection.Matches(k):
		return OutcomeChanged
	}
	return OutcomeRevoked
}

// DocumentRevocations is the collection of revocations in events.
const DocumentRevocations = "Revocations"

// PublicID names the revocation in events: "Revocations-7".
func (r Revocation) PublicID() string { return DocumentRevocations + "-" + strconv.FormatInt(r.ID, 10) }

// ParseRevocationID reads "Revocations-7" without regard to case. Each
// revocation has one id.
func ParseRevocationID(s string) (id int64, ok bool) {
	const prefix = DocumentRevocations + "-"
	if len(s) <= len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return 0, false
	}
	id, err := strconv.ParseInt(s[len(prefix):], 10, 64)
	return id, err == nil && id > 0 && len(Revocation{ID: id}.PublicID()) == len(s)
}
