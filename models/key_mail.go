package models

// KeyMail says whether a person gets mail about the keys that he looks after.
type KeyMail struct {
	Address  string // where it goes, "" when nobody has entered one
	Ended    bool   // he wants none
	Disabled bool   // an administrator has disabled it for everybody
}
