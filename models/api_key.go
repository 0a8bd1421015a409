package models

import (
	"encoding/binary"
	"strings"
	"time"
)

// APIKey is a credential of a user. The secret is not here: only its digest,
// which the store keeps to itself, and the prefix by which people know it.
type APIKey struct {
	ID           string `gorm:"primaryKey"` // "apikeys-" and 25 random characters, lower case: paths are matched without regard to case
	UserID       int64
	Purpose      string
	PurposeFold  string // Fold(Purpose), for searching
	Prefix       string // "API-FSX"
	PepperID     int64
	Digest       []byte // HMAC of the secret, see Keyring
	Seal         []byte // HMAC of this row, see SealedBytes
	ParentID     string // the key that made this one, "" when a person or an access token did
	FormID       *string
	CreatedAt    time.Time
	ExpiresAt    time.Time // the first instant at which the key is refused
	RevokedAt    *time.Time
	RevokedBy    *int64
	LastUsedAt   *time.Time
	LastUsedIP   string
	UseWrittenAt *time.Time // when LastUsedAt was last written
	NoticeAt     *time.Time // when people are told next that the key ends, nil for never again

	Access               // what it may be used for
	PredecessorID string // the key in whose place this one came, "" for none
	EndsOld       bool   // that key ends when this one is first used
}

// TableName names the table for GORM, which would split the abbreviation.
func (APIKey) TableName() string { return "api_keys" }

// Days before the end at which a key counts as ending soon, and as ending very
// soon; the same as the two warnings that subscriptions send.
const (
	WarningDays = 20
	UrgentDays  = 10
)

// KeyStatus is what a key is good for at some moment.
type KeyStatus string

// The statuses. ExpiresSoon keys are usable too.
const (
	KeyUsable      KeyStatus = "usable"
	KeyExpiresSoon KeyStatus = "expires-soon"
	KeyExpired     KeyStatus = "expired"
	KeyRevoked     KeyStatus = "revoked"
)

// Status tells what the key is good for at now. Revoked outweighs expired:
// somebody decided it.
func (k APIKey) Status(now time.Time) KeyStatus {
	switch {
	case k.RevokedAt != nil:
		return KeyRevoked
	case !now.Before(k.ExpiresAt):
		return KeyExpired
	case !now.Add(WarningDays * day).Before(k.ExpiresAt):
		return KeyExpiresSoon
	}
	return KeyUsable
}

// Usable reports whether the key opens anything at now.
func (k APIKey) Usable(now time.Time) bool { return k.RevokedAt == nil && now.Before(k.ExpiresAt) }

// Remaining is the part of the key's life that is left at now, from 0 to 100.
func (k APIKey) Remaining(now time.Time) int {
	// In microseconds: a hundred times 1,068 days in nanoseconds wraps around.
	life, left := k.ExpiresAt.Sub(k.CreatedAt).Microseconds(), k.ExpiresAt.Sub(now).Microseconds()
	if life <= 0 || left <= 0 {
		return 0
	}
	return int(min(100, (left*100+life-1)/life))
}

// Hint is what people recognise the key by.
func (k APIKey) Hint() string { return Hint(k.Prefix) }

// SealedBytes are the facts of the row that decide what the key opens and for
// how long, in a form that has exactly one reading. A row whose facts were
// edited in the database no longer matches its seal. Keys whose access is whole
// have the list from before there was access, so their seals still hold.
func (k APIKey) SealedBytes() []byte { return k.appendSealed(make([]byte, 0, sealedRoom)) }

// sealedRoom is enough for the sealed bytes of most keys.
const sealedRoom = 256

// appendSealed appends the sealed bytes to b, which must be empty.
func (k *APIKey) appendSealed(b []byte) []byte {
	b = append(b, 1) // version of this list
	if !k.Access.Whole() {
		b[0] = 2
	}
	text := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	number := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	text(k.ID)
	number(k.UserID)
	text(string(k.Digest))
	text(k.ParentID)
	number(k.CreatedAt.UnixMicro())
	number(k.ExpiresAt.UnixMicro())
	if b[0] == 2 {
		text(string(k.Level))
		text(strings.Join(k.Services, " "))
		text(strings.Join(k.Allowed.Texts(), " "))
		text(strings.Join(k.Denied.Texts(), " "))
	}
	if k.RevokedAt == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	number(k.RevokedAt.UnixMicro())
	return b
}

// NewKey is the wish for a key. FormID, when not empty, makes the wish
// repeatable: a second one with the same FormID makes no second key.
type NewKey struct {
	Purpose string
	Expires Wish
	Access  AccessWish
	FormID  string
}

// Describes reports whether a key is what the wish asks for, as far as the wish
// names something: a purpose, an instant, an access.
func (n NewKey) Describes(k APIKey) bool {
	purpose, _ := CleanText(n.Purpose, "", MaxPurpose)
	if n.Expires.kind == wishInstant && !n.Expires.at.Truncate(time.Microsecond).Equal(k.ExpiresAt) {
		return false
	}
	access, problems := n.Access.read(k.Access)
	return purpose == k.Purpose && len(problems) == 0 && access.Within(k.Access) && k.Access.Within(access)
}

// KeyGrant is everything the rule must know besides the wish.
type KeyGrant struct {
	Owner       User
	Settings    AuthSettings
	Actor       *Actor
	InOwnerTeam bool // the actor is a member of the team that owns the account
	Now         time.Time
}

// IssueKey is the rule by which keys are made, on every surface: who may, for
// whom, with what purpose, until when, for which uses. It returns the key without its secret,
// id and digest.
func IssueKey(wish NewKey, grant KeyGrant) (APIKey, error) {
	if err := MayIssue(grant); err != nil {
		return APIKey{}, err
	}
	purpose, problem := CleanText(wish.Purpose, "The purpose", MaxPurpose)
	if problem == "" && purpose == "" {
		problem = "State the purpose of this key."
	}
	var problems []Problem
	if problem != "" {
		problems = append(problems, Problem{"Purpose", problem})
	}
	key := APIKey{UserID: grant.Owner.ID, Purpose: purpose, PurposeFold: Fold(purpose), CreatedAt: grant.Now}
	if maker := grant.Actor.Key; maker != nil {
		key.ParentID = maker.ID
	}
	ceiling, _ := grant.Actor.Ceiling()
	expires, err := grant.Settings.Policy().Resolve(wish.Expires, grant.Now, ceiling)
	if refusal := Refusal(err); refusal != nil {
		problems = append(problems, refusal.Problems...)
	}
	key.ExpiresAt = expires
	access, refused := wish.Access.Resolve(grant.Actor.Access())
	key.Access, problems = access, append(problems, refused...)
	if err := InvalidInput(problems); err != nil {
		return APIKey{}, err
	}
	return key, nil
}

// MayIssue decides who may make a key for whom: everybody for himself, and
// administrators of users and members of the owner team for service accounts
// whose rights don't exceed their own: whoever makes a key has all that it
// opens, so a weaker maker would climb by it. Nobody makes a key for another
// person, because he would see its secret. The console is the owner of the
// machine and may do both, but not make people's keys while they are switched
// off. A stranger learns nothing of the owner, so who is asking is settled
// before what the owner may have; and a key that has ended makes no other.
func MayIssue(g KeyGrant) error {
	console, self := g.Actor != nil && g.Actor.Via == ViaConsole, g.Actor.Is(g.Owner.ID)
	caretaker := g.InOwnerTeam && g.Owner.IsService
	switch {
	case g.Actor == nil, g.Actor.over(g.Now):
		return Unauthorized()
	case g.Actor.Access().Reads():
		return Denied("This key only reads, so it can't make keys. Use a key with full access, or sign in.")
	case !console && !self && !caretaker && !g.Actor.May(UserEdit):
		return Missing("user")
	case !g.Owner.IsActive:
		return Denied("This account is not active, so it can't have new keys. An administrator can activate it.")
	case !g.Owner.IsService && !g.Settings.UserAPIKeys:
		return Denied("Your administrator has switched off new API keys for people. Existing keys keep working until they expire. For automation, ask for a service account.")
	case console, self:
		return nil
	case !g.Owner.IsService:
		return Denied("You can't create a key for another person, because you would see its secret. Ask them to create it, or use a service account.")
	case !g.Actor.User.Permissions.Covers(g.Owner.Permissions):
		return Denied("This service account may do more than you may, so you can't create a key for it. Ask an administrator to create it.")
	}
	return nil
}

// MayRevoke decides who may end a key: its owner, members of the team that owns
// the account, and administrators of users. Anybody else is told that there is
// no such key.
func MayRevoke(key APIKey, actor *Actor, inOwnerTeam bool) error {
	if actor != nil && inOwnerTeam || actor.Is(key.UserID) || actor.May(UserEdit) {
		return nil
	}
	return Missing("API key")
}

// MaySeeKeysOf decides who may look at a user's keys: the user, members of the
// team that owns the account, and those who may see users.
func MaySeeKeysOf(userID int64, actor *Actor, inOwnerTeam bool) error {
	if actor != nil && inOwnerTeam || actor.Is(userID) || actor.May(UserView) {
		return nil
	}
	return Missing("user")
}

// KeySort is a column by which a list of keys is ordered.
type KeySort string

// The columns.
const (
	SortExpires  KeySort = "expires"
	SortCreated  KeySort = "created"
	SortPurpose  KeySort = "purpose"
	SortLastUsed KeySort = "last-used"
)

// KeyFilter chooses and orders keys of one user.
type KeyFilter struct {
	Status        KeyStatus // "" for all
	Search        string    // part of the purpose, or the beginning of the key
	Purpose       string    // part of the purpose
	Sort          KeySort   // "" for SortCreated
	Descending    bool
	HideRevoked   bool
	Page          Page
	WithoutCounts bool // leave KeyList.Counts empty
}

// KeyList is one page of keys and how many there are in all.
type KeyList struct {
	Keys   []APIKey
	Total  int               // keys that match the filter
	Counts map[KeyStatus]int // keys of the user by status, "" for all of them; KeyUsable includes those that expire soon
}
