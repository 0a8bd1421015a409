package models

import (
	"context"
	"time"
)

// Via says by which credential an actor was recognised.
type Via int

// The credentials.
const (
	ViaSession Via = iota + 1 // a browser session
	ViaKey                    // an API key
	ViaConsole                // the keyport command on the server itself
	ViaToken                  // an access token, see AccessToken
)

// Actor is who is asking. It travels in the request's context from the edge to
// the operation, which decides whether the actor may.
type Actor struct {
	User User
	Via  Via
	Key  *ActorKey // the key of the call, only with ViaKey

	Token        *AccessToken // the token of the call, only with ViaToken
	IdentityName string       // of the OIDC identity that the token was given by

	SessionDigest []byte    // the session of the call, only with ViaSession
	SignedInAt    time.Time // when the password was last entered, only with ViaSession

	Address   string // client's IP address, "" when there is none
	UserAgent string
	RequestID string
}

// ActorKey is what an operation must know of the key that makes a call.
type ActorKey struct {
	ID      string
	Purpose string
	Prefix  string
	Created time.Time
	Expires time.Time
	Access  Access
}

// Acting returns what an operation must know of the key.
func (k APIKey) Acting() *ActorKey {
	return &ActorKey{ID: k.ID, Purpose: k.Purpose, Prefix: k.Prefix, Created: k.CreatedAt, Expires: k.ExpiresAt, Access: k.Access}
}

// May reports whether the actor holds a permission. The console may do all.
func (a *Actor) May(p Permission) bool {
	return a != nil && (a.Via == ViaConsole || a.User.Permissions.Has(p))
}

// Covers reports whether the actor may do all that those permissions allow.
func (a *Actor) Covers(p PermissionSet) bool {
	return a != nil && (a.Via == ViaConsole || a.User.Permissions.Covers(p))
}

// Is reports whether the actor is the user with this id.
func (a *Actor) Is(userID int64) bool { return a != nil && a.Via != ViaConsole && a.User.ID == userID }

// Ceiling returns when the credential of the call ends, which nothing that
// comes of the call may outlive. A session and the console are not limited:
// there a person decides. A key or token whose facts are missing has ended.
func (a *Actor) Ceiling() (ends time.Time, limited bool) {
	switch {
	case a == nil || a.Via != ViaKey && a.Via != ViaToken:
		return time.Time{}, false
	case a.Via == ViaKey && a.Key != nil:
		return a.Key.Expires, true
	case a.Via == ViaToken && a.Token != nil:
		return a.Token.Expires, true
	}
	return time.Time{}, true
}

// Access returns what the credential of the call may be used for, which nothing
// that comes of the call may exceed. Only keys are limited; one whose facts are
// missing opens as little as there is.
func (a *Actor) Access() Access {
	switch {
	case a == nil, a.Via == ViaKey && a.Key == nil:
		return Access{}
	case a.Via == ViaKey:
		return a.Key.Access
	}
	return WholeAccess()
}

// over reports whether the credential of the call has ended at now.
func (a *Actor) over(now time.Time) bool {
	ends, limited := a.Ceiling()
	return limited && !now.Before(ends)
}

// IdentifiedBy says how the actor was recognised, in Octopus's words.
func (a *Actor) IdentifiedBy() string {
	switch {
	case a == nil:
		return ""
	case a.Via == ViaSession:
		return "Session cookie"
	case a.Via == ViaKey && a.Key != nil:
		return "API key '" + a.Key.Purpose + "' created " + a.Key.Created.UTC().Format(time.RFC1123)
	case a.Via == ViaToken:
		return "Access token of OIDC identity '" + a.IdentityName + "'"
	case a.Via == ViaConsole:
		return "Server console"
	}
	return ""
}

type actorKey struct{}

// WithActor puts an actor into a context.
func WithActor(ctx context.Context, a *Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns the actor of a context, nil when nobody is signed in.
func ActorFrom(ctx context.Context) *Actor {
	a, _ := ctx.Value(actorKey{}).(*Actor)
	return a
}

type requestKey struct{}

// Request is what the edge knows of a call before it knows who is calling.
type Request struct {
	ID        string
	Address   string
	UserAgent string
	Devices   string // what the browser brings of earlier sign-ins, see Store.RememberDevice
}

// WithRequest puts the facts of a call into a context.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestFrom returns the facts of the call, zero outside of one.
func RequestFrom(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}
