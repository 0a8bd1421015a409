package models

import (
	"errors"
	"strings"
	"time"
)

// Kind says what sort of refusal an [Error] is. It knows no HTTP status: pages
// and the REST API each have their own table.
type Kind int

// The kinds. Internal is the zero value on purpose: an error that nobody
// classified is ours, not the caller's.
const (
	Internal        Kind = iota
	Invalid              // the input breaks a rule; Problems say which
	Unauthenticated      // no valid credential
	Forbidden            // known, but may not
	NotFound             // absent, or not the actor's business
	Conflict             // true a moment ago, no longer
	TooMany              // slow down; RetryAfter says for how long
	Unavailable          // we can't answer now; RetryAfter says when to ask again
)

// Problem is one broken rule. Field is the domain's name of the member
// ("Purpose", "Expires"), empty when no single member is at fault.
type Problem struct {
	Field   string
	Message string
}

// Error is a refusal that a person can act on. Message and Problems are shown
// to the caller; Cause goes to the log only.
type Error struct {
	Kind       Kind
	Message    string
	Problems   []Problem
	RetryAfter time.Duration
	Cause      error
}

// Error returns what the log should say.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for _, p := range e.Problems {
		b.WriteString(" [" + p.Field + ": " + p.Message + "]")
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

// Unwrap returns the hidden cause.
func (e *Error) Unwrap() error { return e.Cause }

// Problem returns the message about field, or "" if there is none.
func (e *Error) Problem(field string) string {
	for _, p := range e.Problems {
		if p.Field == field {
			return p.Message
		}
	}
	return ""
}

// KindOf classifies any error; what is not an *Error is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Refusal returns the *Error inside err, or nil.
func Refusal(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// InvalidField refuses one member.
func InvalidField(field, message string) *Error {
	return InvalidInput([]Problem{{field, message}})
}

// InvalidInput refuses input with all its problems at once, so that a form
// shows every message together. It returns nil when there are none.
func InvalidInput(problems []Problem) *Error {
	if len(problems) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Message: problems[0].Message, Problems: problems}
}

// Unauthorized refuses a caller without a valid credential. The words are the
// same whatever is wrong with the credential, and hold the phrases by which
// Octopus's tools recognise a 401.
func Unauthorized() *Error {
	return &Error{Kind: Unauthenticated, Message: "You must be logged in to request this resource. Sign in, or provide a valid API key."}
}

// Denied refuses an actor who is known but may not.
func Denied(message string) *Error { return &Error{Kind: Forbidden, Message: message} }

// Missing says that a thing does not exist or is not the actor's business;
// the two can't be told apart.
func Missing(what string) *Error {
	return &Error{Kind: NotFound, Message: "The " + what + " was not found. It may have been removed, or it belongs to somebody else."}
}

// Conflicted says that the world changed under the caller's feet.
func Conflicted(message string) *Error { return &Error{Kind: Conflict, Message: message} }

// Busy asks the caller to come back after d.
func Busy(message string, d time.Duration) *Error {
	return &Error{Kind: Unavailable, Message: message, RetryAfter: d}
}
