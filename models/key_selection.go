package models

import (
	"encoding/json"
	"strings"
	"time"
)

// KeySelection chooses keys of all users exactly: the same keys whoever asks,
// in whatever zone, as long as the keys don't change. Zero members choose
// everything. Matches is what it means; the store asks the database the same.
type KeySelection struct {
	At            time.Time // the instant that Status is about
	Status        KeyStatus `json:",omitempty"`
	Owner         string    `json:",omitempty"`
	Kind          UserKind  `json:",omitempty"`
	Purpose       string    `json:",omitempty"`
	CreatedFrom   time.Time `json:",omitzero"`
	CreatedBefore time.Time `json:",omitzero"`
	EndsAfter     time.Time `json:",omitzero"` // the end itself is included below and not above, so that a day holds the keys that end with it
	EndsUntil     time.Time `json:",omitzero"`
	UsedFrom      time.Time `json:",omitzero"`
	UsedBefore    time.Time `json:",omitzero"`
	NeverUsed     bool      `json:",omitempty"`
}

// OwnedKey is a key with the user it belongs to.
type OwnedKey struct {
	APIKey
	Owner User // id, names, e-mail, kind and whether it is active
}

// Matches reports whether the selection chooses a key.
func (s KeySelection) Matches(k OwnedKey) bool {
	return s.matchesStatus(k.APIKey) && s.matchesOwner(k.Owner) &&
		strings.Contains(k.PurposeFold, Fold(s.Purpose)) &&
		!k.CreatedAt.Before(s.CreatedFrom) && (s.CreatedBefore.IsZero() || k.CreatedAt.Before(s.CreatedBefore)) &&
		k.ExpiresAt.After(s.EndsAfter) && (s.EndsUntil.IsZero() || !k.ExpiresAt.After(s.EndsUntil)) &&
		s.matchesUse(k.LastUsedAt)
}

// matchesStatus asks in the way of lists: usable keys include those that end
// soon.
func (s KeySelection) matchesStatus(k APIKey) bool {
	switch status := k.Status(s.At); s.Status {
	case "":
		return true
	case KeyUsable:
		return status == KeyUsable || status == KeyExpiresSoon
	default:
		return status == s.Status
	}
}

func (s KeySelection) matchesOwner(o User) bool {
	switch s.Kind {
	case KindPerson:
		if o.IsService {
			return false
		}
	case KindService:
		if !o.IsService {
			return false
		}
	}
	if id, isID := ParseUserID(s.Owner); isID {
		return o.ID == id
	}
	words := Fold(s.Owner)
	return strings.Contains(o.UsernameFold, words) || strings.Contains(Fold(o.DisplayName), words) || strings.Contains(Fold(o.Email), words)
}

func (s KeySelection) matchesUse(last *time.Time) bool {
	if s.NeverUsed && last != nil {
		return false
	}
	if s.UsedFrom.IsZero() && s.UsedBefore.IsZero() {
		return true
	}
	return last != nil && !last.Before(s.UsedFrom) && (s.UsedBefore.IsZero() || last.Before(s.UsedBefore))
}

// Live narrows a selection to the keys that still open something at its instant,
// which are those that can be revoked. none is true when it chooses no such key.
func (s KeySelection) Live() (live KeySelection, none bool) {
	switch s.Status {
	case KeyExpired, KeyRevoked:
		return s, true
	case "":
		s.Status = KeyUsable
	}
	return s, false
}

// maxSelection bounds the text of a selection, in bytes.
const maxSelection = 8 * 1024

// String writes the selection for a form that comes back with it.
func (s KeySelection) String() string {
	text, err := json.Marshal(s)
	if err != nil {
		return "" // a year of five digits, to which no date leads that can be typed
	}
	return string(text)
}

// ParseKeySelection reads what String wrote. It says no to what a database would
// refuse; which keys a selection chooses is its bearer's business.
func ParseKeySelection(text string) (KeySelection, bool) {
	var s KeySelection
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if len(text) > maxSelection || decoder.Decode(&s) != nil || decoder.More() {
		return KeySelection{}, false
	}
	_, badOwner := CleanText(s.Owner, "", MaxOwnerSearch)
	_, badPurpose := CleanText(s.Purpose, "", MaxPurpose)
	for _, at := range []time.Time{s.CreatedFrom, s.CreatedBefore, s.EndsAfter, s.EndsUntil, s.UsedFrom, s.UsedBefore} {
		if !at.IsZero() && at.Year() < oldestYear-1 {
			return KeySelection{}, false
		}
	}
	return s, badOwner == "" && badPurpose == "" && s.At.Year() >= oldestYear
}
