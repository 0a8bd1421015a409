package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// database checks what needs one. A SQLite file that is missing stays missing.
func (d *doctor) database(ctx context.Context) {
	if path := d.p.SQLitePath(); path != "" {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			d.add("database", warn, "%s does not exist yet. The first start makes it.", path)
			return
		}
	}
	masters := d.p.Masters
	if masters == nil {
		masters = [][]byte{newMasterKey()} // used for nothing, kept nowhere
	}
	s, err := d.p.openDatabase(ctx, masters)
	if err != nil {
		d.add("database", bad, "%s", d.sentence(err))
		return
	}
	defer s.Close()
	d.add("database", isWell, "%s, %s.", s.Engine(), d.p.Place())
	if d.schema(ctx, s) {
		d.masterKey(ctx, s)
		d.trail(ctx, s)
		d.expiry(ctx, s)
		d.replicas(ctx, s)
		d.mail(ctx, s)
	}
}

// schema reports whether the database has this program's tables.
func (d *doctor) schema(ctx context.Context, s *store.Store) bool {
	has, want, err := s.SchemaVersions(ctx)
	switch {
	case err != nil:
		d.add("schema", bad, "%s", d.sentence(err))
	case has < want:
		d.add("schema", bad, "The database is at step %d, this version needs step %d. Run: keyport migrate", has, want)
	case has > want:
		d.add("schema", warn, "The database is at step %d, made by a newer version; this one knows step %d. Start the newer one.", has, want)
		return true
	default:
		d.add("schema", isWell, "The database is at step %d.", has)
	}
	return err == nil && has >= want
}

func (d *doctor) masterKey(ctx context.Context, s *store.Store) {
	err := error(nil)
	if d.p.Masters == nil {
		err = d.p.mayMakeMasterKey(ctx, s)
	} else {
		err = s.CompareKeyring(ctx)
	}
	switch {
	case err != nil:
		d.add("master key", bad, "%s", d.sentence(err))
	case d.p.Masters == nil:
		d.add("master key", warn, "There is none yet. The first start makes it; keep a copy apart from the database.")
	default:
		d.add("master key", isWell, "It belongs to this database.")
	}
}

// fanOutLate is how many events may wait before somebody should look.
const fanOutLate = 1000

func (d *doctor) trail(ctx context.Context, s *store.Store) {
	head, err := s.AuditHead(ctx)
	if err != nil {
		d.add("audit trail", bad, "%s", d.sentence(err))
		return
	}
	d.add("audit trail", isWell, "The newest event is %d. To check all of them, run: keyport audit verify", head.EventID)
	switch waiting, err := s.PendingFanOut(ctx); {
	case err != nil:
		d.add("subscriptions", bad, "%s", d.sentence(err))
	case waiting > fanOutLate:
		d.add("subscriptions", warn, "%d events wait to be sent on. Check that Keyport is running, and its log.", waiting)
	default:
		d.add("subscriptions", isWell, "Events that wait to be sent on: %d.", waiting)
	}
}

func (d *doctor) expiry(ctx context.Context, s *store.Store) {
	task, err := s.ExpiryTask(byConsole(ctx))
	switch {
	case err != nil:
		d.add("expiry task", bad, "%s", d.sentence(err))
	case task.Failed != "":
		d.add("expiry task", warn, "%s", task.Failed)
	case task.FinishedAt == nil:
		d.add("expiry task", warn, "It has not run yet. It does within ten minutes of a start.")
	case s.Now().Sub(*task.FinishedAt) > 2*models.ExpiryTaskEvery:
		d.add("expiry task", warn, "It last ran at %s, and should every four hours. Check that Keyport is running, and its log.", task.FinishedAt.UTC().Format(time.RFC3339))
	default:
		d.add("expiry task", isWell, "It last ran at %s.", task.FinishedAt.UTC().Format(time.RFC3339))
	}
}

// replicas tells who serves the portal. Only those on PostgreSQL can be seen from
// another process.
func (d *doctor) replicas(ctx context.Context, s *store.Store) {
	if d.p.SQLitePath() != "" {
		d.add("replicas", isWell, "SQLite serves one process. For several, use PostgreSQL.")
		return
	}
	list, err := s.Replicas(byConsole(ctx))
	if err != nil {
		d.add("replicas", bad, "%s", d.sentence(err))
		return
	}
	versions, silent := map[string]bool{}, 0
	for _, r := range list {
		versions[r.Version] = true
		if r.Silent() {
			silent++
			d.add("replicas", warn, "%s has not answered since %s. Look at its log, or whether it still runs.", r.Host, r.BeatAt.UTC().Format(time.RFC3339))
		}
	}
	switch answering := len(list) - silent; {
	case answering == 0:
		d.add("replicas", warn, "No replica answers. Start Keyport.")
	case len(versions) > 1:
		d.add("replicas", warn, "Replicas that answer: %d, of %d versions. Bring all to the same one.", answering, len(versions))
	default:
		d.add("replicas", isWell, "Replicas that answer: %d.", answering)
	}
}

// mail tells whether letters can go out: by the environment's server, or by the
// one that administrators chose.
func (d *doctor) mail(ctx context.Context, s *store.Store) {
	chosen, err := s.MailChosen(ctx)
	switch {
	case err != nil:
		d.add("mail", bad, "%s", d.sentence(err))
	case d.p.Mail != nil:
		d.add("mail", isWell, "The environment names a mail server. Whether it takes letters was not tried.")
	case chosen && d.p.PublicURL == nil:
		d.add("mail", warn, "A mail server was chosen in the portal, but no letter goes out: set KEYPORT_PUBLIC_URL, because letters hold links.")
	case chosen:
		d.add("mail", isWell, "A mail server was chosen in the portal. Configuration, Settings, SMTP sends a test mail.")
	default:
		d.add("mail", warn, "There is no mail server. Choose one in the portal (Configuration, Settings, SMTP), or set KEYPORT_SMTP_URL and KEYPORT_SMTP_FROM, to have people told of keys that end.")
	}
}
