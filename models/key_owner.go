package models

// KeyOwner is a user whose keys somebody looks at, with what the actor may do
// there. The operations ask again: this is so that pages offer only what works.
type KeyOwner struct {
	User
	NoNewKeys *Error // why the actor can't make a key here, nil when he can
	MayRevoke bool
}
