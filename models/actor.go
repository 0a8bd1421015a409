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
)

// Actor is who is asking. It travels in the request's context from the edge to
// the operation, which decides whether the actor may.
type Actor struct {
	User User
	Via  Via
	Key  *ActorKey // the key of the call, only with ViaKey

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
}

// May reports whether the actor holds a permission. The console may do all.
func (a *Actor) May(p Permission) bool {
	return a != nil && (a.Via == ViaConsole || a.User.Permissions.Has(p))
}

// Is reports whether the actor is the user with this id.
func (a *Actor) Is(userID int64) bool { return a != nil && a.Via != ViaConsole && a.User.ID == userID }

// IdentifiedBy says how the actor was recognised, in Octopus's words.
func (a *Actor) IdentifiedBy() string {
	switch {
	case a == nil:
		return ""
	case a.Via == ViaSession:
		return "Session cookie"
	case a.Via == ViaKey && a.Key != nil:
		return "API key '" + a.Key.Purpose + "' created " + a.Key.Created.UTC().Format(time.RFC1123)
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
