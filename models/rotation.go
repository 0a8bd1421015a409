package models

import "time"

// MaxOverlapDays is how long an old key may go on beside the one that takes its
// place.
const MaxOverlapDays = 30

// Rotation is the wish for a new key in the place of an old one, with the same
// purpose, access and owner.
type Rotation struct {
	Expires      Wish
	Overlap      time.Duration // how long the old key goes on
	UntilUsed    bool          // instead: until the new one is first used
	FormID       string
	BadlyWritten bool // the overlap could not be read
}

// RotateKey is the rule by which keys take the place of others, on every
// surface. Whoever may make a key may rotate it, and what holds for a key that
// is made holds here: a key that rotates itself is the maker of the new one, so
// that one can't outlive it. Else a key that was stolen would never end.
// RotateKey returns the new key, and the instant at which the old one ends.
func RotateKey(old APIKey, wish Rotation, grant KeyGrant) (key APIKey, ends time.Time, err error) {
	if err := MayIssue(grant); err != nil {
		return APIKey{}, ends, err
	}
	if !old.Usable(grant.Now) {
		return APIKey{}, ends, NothingToRotate()
	}
	var problems []Problem
	if wish.BadlyWritten || wish.Overlap < 0 || wish.Overlap > MaxOverlapDays*day {
		problems = append(problems, Problem{"Overlap", "The old key can go on for 0 to 30 days, or until the new one is first used. Choose one of these."})
	}
	key, err = IssueKey(NewKey{Purpose: old.Purpose, Expires: wish.Expires, Access: WishFor(old.Access)}, grant)
	if refusal := Refusal(err); refusal != nil && refusal.Kind == Invalid {
		problems, err = append(problems, refusal.Problems...), nil
	}
	if err == nil && len(problems) > 0 {
		err = InvalidInput(problems)
	}
	if err != nil {
		return APIKey{}, ends, err
	}
	key.PredecessorID, key.EndsOld = old.ID, wish.UntilUsed
	if wish.UntilUsed {
		return key, old.ExpiresAt, nil
	}
	return key, old.EndingAt(grant.Now.Add(wish.Overlap)), nil
}

// NothingToRotate refuses to put a key in the place of one that opens nothing.
func NothingToRotate() *Error {
	return InvalidField("Key", "This key does not work any more, so there is nothing to rotate. Make a new key.")
}

// RotatedAlready refuses to put a second key in the place of one: two would be
// too many, and nobody would know which.
func RotatedAlready(next APIKey) *Error {
	return InvalidField("Key", "This key was rotated already: "+next.Hint()+" took its place. Rotate that one, or revoke it first.")
}

// EndingAt is when the key ends if it is to end at an instant: never later than
// it would anyway, and never before it was made, as a replica's clock may say.
func (k APIKey) EndingAt(at time.Time) time.Time {
	if first := k.CreatedAt.Add(time.Microsecond); at.Before(first) {
		at = first
	}
	return earlier(at, k.ExpiresAt)
}
