package main

import (
	"fmt"
	"strings"

	"github.com/keyport/keyport/models/store"
)

// advice says what nobody but the operator can know or do.
func (o restoring) advice(h store.BackupHeader, r store.RestoreReport) (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	window := instant(h.TakenAt) + " until the database was lost"
	switch {
	case !r.KnownAt.IsZero() && o.journal != "" && !r.KeptTrail:
		say("The journal tells what had ended by %s. Look through the log from then on for keys that were revoked, people who were deactivated and rights that were taken away later, and do that again.", instant(r.KnownAt))
	case r.KnownAt.IsZero() && o.acceptAlive:
		say("KEYS MAY HAVE COME BACK TO LIFE: those that were revoked from %s work again. Look through the log for them, and revoke them again.", window)
		say("People who were deactivated, passwords that were changed and rights that were taken away in that time are as they were before.")
	case r.KnownAt.IsZero():
		say("Nothing tells which keys were revoked from %s, so all came back revoked. To let them work, restore with --journal FILE, or with --accept-revived-keys into a new database.", window)
		say("People who were deactivated, passwords that were changed and rights that were taken away in that time are as they were before. Go through them.")
	}
	if r.Taken.Unknown {
		say("The journal is of an older version, which tells of keys and users alone. Rights are as of the backup: teams, their members and permissions, services, subscriptions, e-mail addresses and settings. Take away again what was taken away since.")
	}
	if len(r.Stopped) > 0 {
		say("Switched off, because they were deactivated or deleted since: %s.", names(r.Stopped))
	}
	if len(r.Stripped) > 0 {
		say("Without a way to sign in, because theirs has changed since: %s. Mail them a link to set a password (Configuration, Users), or make an administrator by keyport user create --admin.", names(r.Stripped))
	}
	lines = append(lines, taken(r.Taken)...)
	if r.NoAdministrator {
		say("NOBODY WHO MAY ADMINISTER KEYPORT CAN SIGN IN. Make an administrator by: keyport user create --username NAME --admin.")
	}
	say("Everybody has to sign in again. Deliveries that waited were dropped; a subscription's page can send them.")
	return lines
}

// taken says what did not come back, because it was taken away since.
func taken(t store.TakenRights) (lines []string) {
	if t.Members > 0 {
		lines = append(lines, fmt.Sprintf("Memberships of teams that ended since, and did not come back: %d.", t.Members))
	}
	for _, list := range []struct {
		names []string
		what  string
	}{
		{t.Teams, "Teams with fewer permissions, as they have had since: %s."},
		{t.Accounts, "Service accounts with another owner team, or none, because theirs has changed since: %s."},
		{t.Mailboxes, "Without an e-mail address, because theirs has changed since: %s. Enter it again (Configuration, Users)."},
		{t.Services, "Services that were removed since, and are not registered: %s."},
		{t.Subscriptions, "Subscriptions that were changed, switched off or deleted since, and are switched off: %s. Look where they send before you switch them on."},
	} {
		if len(list.names) > 0 {
			lines = append(lines, fmt.Sprintf(list.what, names(list.names)))
		}
	}
	if t.Settings {
		lines = append(lines, "People may make API keys only as far as they could since (Configuration, Settings, Authentication).")
	}
	if t.MailServer {
		lines = append(lines, "The mail server has changed since, so there is none. Choose it again (Configuration, Settings, SMTP).")
	}
	return lines
}

// mostNames bounds a line.
const mostNames = 50

func names(all []string) string {
	if len(all) > mostNames {
		return strings.Join(all[:mostNames], ", ") + fmt.Sprintf(" and %d more", len(all)-mostNames)
	}
	return strings.Join(all, ", ")
}
