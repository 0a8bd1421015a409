package store

import "github.com/keyport/keyport/models"

// keepAnAdministrator refuses the transaction if it leaves Keyport without an
// active administrator. It is called after any change that takes one away:
// out of the team, switched off, or deleted.
//
// Two administrators who remove each other at the same time are both needed by
// the other's check. So the check first waits for the row of the team: whoever
// comes second sees what the first one did.
func keepAnAdministrator(t *tx) error {
	if _, err := t.lockAdministrators(); err != nil {
		return err
	}
	nobody, err := needsSetup(t.db)
	if err != nil || !nobody {
		return err
	}
	return models.Denied("This is the last active administrator. Make somebody else an administrator first, otherwise nobody could manage Keyport any more.")
}
