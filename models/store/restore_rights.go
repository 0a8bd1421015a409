package store

import (
	"github.com/keyport/keyport/models"
)

// judgeRight leaves of a row what somebody may still do, and reports whether there
// is anything left of it.
func (r *restoring) judgeRight(f *filling, row []any, now rights) (keep bool) {
	switch f.table {
	case "teams":
		r.judgeTeam(f, row, now)
	case "users":
		r.judgeAccount(f, row, now)
	case "team_members":
		if !now.members[teamMember{TeamID: as[int64](f.get(row, "team_id")), UserID: as[int64](f.get(row, "user_id"))}] {
			r.report.Taken.Members++
			return false
		}
	case "services":
		return r.judgeService(f, row, now)
	case "subscriptions":
		r.judgeChannel(f, row, now)
	case "auth_settings":
		r.judgeSettings(f, row, now)
	case "mail_settings":
		r.judgeMailServer(f, row, now)
	}
	return true
}

func (r *restoring) judgeTeam(f *filling, row []any, now rights) {
	id, then := as[int64](f.get(row, "id")), as[int64](f.get(row, "permissions"))
	left := then & int64(now.teams[id])
	if left != then {
		r.report.Taken.Teams = append(r.report.Taken.Teams, as[string](f.get(row, "name")))
		f.set(row, "permissions", left)
	}
	r.teams[id] = true
}

// judgeAccount gives a service account to the team that looks after it now, if
// that comes back, and takes an e-mail address that is another one by now: links
// to sign in would go to whoever reads it.
func (r *restoring) judgeAccount(f *filling, row []any, now rights) {
	id, name := as[int64](f.get(row, "id")), as[string](f.get(row, "username"))
	is, there := now.accounts[id]
	if owner := as[int64](f.get(row, "owner_team_id")); owner != is.ownerTeam {
		if r.teams[is.ownerTeam] && as[bool](f.get(row, "is_service")) {
			f.set(row, "owner_team_id", is.ownerTeam)
		} else {
			f.set(row, "owner_team_id", nil)
		}
		r.report.Taken.Accounts = append(r.report.Taken.Accounts, name)
	}
	email := as[string](f.get(row, "email"))
	if email == "" || r.store.mailboxPrint(r.known.keyID, id, email) == is.mailbox {
		return
	}
	f.set(row, "email", "")
	f.set(row, "email_fold", "")
	if there {
		r.report.Taken.Mailboxes = append(r.report.Taken.Mailboxes, name)
	}
}

// judgeService gives a service the rules that it has now. One that was removed
// stays so: keys must not open it again.
func (r *restoring) judgeService(f *filling, row []any, now rights) (keep bool) {
	rule, there := now.services[as[int64](f.get(row, "id"))]
	if !there {
		r.report.Taken.Services = append(r.report.Taken.Services, as[string](f.get(row, "name")))
		return false
	}
	f.set(row, "rate_per_minute", rule.perMinute)
	f.set(row, "read_only", rule.readOnly)
	return true
}

// judgeChannel switches off what sends events to where it did then, unless it
// still does.
func (r *restoring) judgeChannel(f *filling, row []any, now rights) {
	id := as[int64](f.get(row, "id"))
	print := r.store.channelPrint(r.known.keyID, id, as[int64](f.get(row, "version")), as[[]byte](f.get(row, "secret_box")))
	if as[bool](f.get(row, "is_disabled")) || now.channels[id] == print {
		return
	}
	f.set(row, "is_disabled", true)
	r.report.Taken.Subscriptions = append(r.report.Taken.Subscriptions, as[string](f.get(row, "name")))
}

func (r *restoring) judgeSettings(f *filling, row []any, now rights) {
	maximum, may := as[int64](f.get(row, "api_key_maximum_days")), as[bool](f.get(row, "user_api_keys"))
	if may && !now.userKeys || maximum > now.maximumDays {
		r.report.Taken.Settings = true
	}
	maximum = min(maximum, now.maximumDays)
	f.set(row, "user_api_keys", may && now.userKeys)
	f.set(row, "api_key_maximum_days", maximum)
	f.set(row, "api_key_default_days", min(maximum, as[int64](f.get(row, "api_key_default_days"))))
}

// judgeMailServer forgets a mail server that is another one by now: links to sign
// in would pass through it.
func (r *restoring) judgeMailServer(f *filling, row []any, now rights) {
	if as[string](f.get(row, "host")) == "" || as[int64](f.get(row, "version")) == now.mailVersion {
		return
	}
	for _, column := range []string{"host", "login", "sender"} {
		f.set(row, column, "")
	}
	f.set(row, "password_box", nil)
	r.report.Taken.MailServer = true
}

// administrators counts the active people who may do everything and have a way to
// sign in.
func (r *restoring) administrators() error {
	var n int64
	err := r.db.Raw(`SELECT count(*) FROM users u WHERE u.is_active AND NOT u.is_service
		AND EXISTS (SELECT 1 FROM teams t WHERE (t.permissions & ?) <> 0
			AND (t.built_in = 'everyone' OR t.id IN (SELECT m.team_id FROM team_members m WHERE m.user_id = u.id)))
		AND (u.password_hash <> '' OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id) OR EXISTS (SELECT 1 FROM identities i WHERE i.user_id = u.id))`,
		int64(models.PermissionsOf(models.AdministerSystem))).Row().Scan(&n)
	r.report.NoAdministrator = n == 0
	return err
}
