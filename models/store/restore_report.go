package store

import (
	"fmt"
	"time"

	"github.com/keyport/keyport/models"
)

// RestoreReport is what a restore did.
type RestoreReport struct {
	Rows      int64
	Keys      int64     // that worked when the backup was made
	Ended     int64     // of them, those that have ended since or may have
	Shortened int64     // of them, those whose end was moved forward since
	KnownAt   time.Time // up to when it is known what has ended; zero for the backup alone
	Stopped   []string  // user names: deactivated or deleted since
	Stripped  []string  // user names: without a way to sign in, because theirs has changed since
	Taken     TakenRights
	KeptTrail bool // the audit trail in the database went on from the backup's

	NoAdministrator bool // nobody who may do everything can sign in
}

// TakenRights are what a restore did not give back, because it was taken away
// since the backup.
type TakenRights struct {
	Unknown       bool     // only keys and users are known of what came after the backup
	Members       int64    // memberships that have ended
	Teams         []string // with fewer permissions
	Accounts      []string // service accounts whose owner team has changed
	Mailboxes     []string // users whose e-mail address has changed, without one
	Services      []string // removed
	Subscriptions []string // changed, switched off or deleted: switched off
	Settings      bool     // people may make fewer keys, or for a shorter time
	MailServer    bool     // changed: there is none
}

// words tell the audit trail what was done.
func (r *restoring) words() string {
	words := "The database was restored from a backup of " + models.Instant(r.file.Header.TakenAt)
	switch {
	case r.known != nil:
		words += "; what has ended since is known up to " + models.Instant(r.known.at)
	case r.AcceptAlive:
		words += "; API keys that were revoked since may work again, which was accepted"
	}
	words += fmt.Sprintf(". %d API keys had worked then; %d of them came back revoked and %d with an earlier end", r.report.Keys, r.report.Ended, r.report.Shortened)
	if taken := r.report.Taken; r.known != nil && !taken.Unknown {
		words += fmt.Sprintf(". %d memberships and the permissions of %d teams that were taken away since did not come back", taken.Members, len(taken.Teams))
	}
	return words
}
