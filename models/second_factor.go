package models

import (
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// MaxPasskeyName is the longest name of a passkey, in characters.
const MaxPasskeyName = 64

// MaxPasskeys is how many passkeys a person may have.
const MaxPasskeys = 20

// Passkey is a credential in somebody's device or password manager. Only its
// public half is stored.
type Passkey struct {
	ID           int64 `gorm:"primaryKey"`
	UserID       int64
	CredentialID []byte // by which the device knows it
	UserHandle   []byte // random; by which the device knows the user
	Record       string // public key, counter and flags, as the WebAuthn library writes them
	Name         string
	CreatedAt    time.Time
	LastUsedAt   *time.Time
}

// TOTPSecret is the secret that a person's authenticator app shares.
type TOTPSecret struct {
	UserID    int64  `gorm:"primaryKey;autoIncrement:false"`
	Secret    []byte // locked, see Keyring.Lock
	KeyID     int64  // generation of the lock
	Confirmed bool   // a code of it has been typed once; before that it protects nothing
	LastStep  int64  // of the last code used
	CreatedAt time.Time
}

// TOTPPlace is where the secret of a user's app is stored.
func TOTPPlace(userID int64) Place { return RowPlace("totp_secrets", "secret", userID) }

// RecoveryCode is a code for one sign-in without the second factor.
type RecoveryCode struct {
	Digest []byte `gorm:"primaryKey"`
	UserID int64
	UsedAt *time.Time
}

// KnownDevice is a browser in which a user has signed in. It signs nobody in;
// it only has its own counter of wrong passwords.
type KnownDevice struct {
	ID        []byte `gorm:"primaryKey"`
	UserID    int64
	CreatedAt time.Time
	EndsAt    time.Time
}

// DeviceLife is how long a browser stays known.
const DeviceLife = 365 * 24 * time.Hour

// SignInMeans is what a user can sign in with.
type SignInMeans struct {
	Password      bool
	App           *time.Time // since when an authenticator app is in use, nil for none
	Passkeys      []Passkey
	RecoveryCodes int // not used yet
	Devices       int // browsers that are known
}

// SecondFactor reports whether the password alone does not sign in.
func (m SignInMeans) SecondFactor() bool { return m.App != nil || len(m.Passkeys) > 0 }

// RelyingParty is what a passkey is bound to: the portal's own address. A
// passkey made for it works nowhere else, which is why it can't be phished.
type RelyingParty struct {
	ID     string // host name without port
	Origin string // scheme, host and port
}

// RelyingPartyOf returns the relying party of a portal's public address. ok is
// false where browsers offer no passkeys: at a bare IP address, and without
// encryption on any host but localhost.
func RelyingPartyOf(public *url.URL) (rp RelyingParty, ok bool) {
	host := strings.ToLower(public.Hostname())
	rp = RelyingParty{ID: host, Origin: strings.ToLower(public.Scheme + "://" + public.Host)}
	_, err := netip.ParseAddr(host)
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	return rp, err != nil && host != "" && (strings.EqualFold(public.Scheme, "https") || local)
}

// MayRemoveSecondFactor decides whether an actor may take another user's second
// factor away: who edits users may, but not of somebody who may do more.
func MayRemoveSecondFactor(user User, actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case !actor.May(UserEdit):
		return Denied("You can't change how other people sign in. Ask an administrator for the right to edit users.")
	case actor.Via != ViaConsole && !actor.User.Permissions.Covers(user.Permissions):
		return Denied("This person may do more than you may, so you can't remove the second step of their sign-in. Ask an administrator.")
	}
	return nil
}
