package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// verdict is how bad a finding is.
type verdict string

const (
	isWell verdict = "ok"
	warn   verdict = "warn"
	bad    verdict = "bad"
)

// finding is one line of what the doctor found, with what to do.
type finding struct {
	Check   string  `json:"check"`
	Verdict verdict `json:"verdict"`
	Message string  `json:"message"`
}

// doctor looks at an installation and mends nothing.
type doctor struct {
	p        *program
	findings []finding
}

// doctorCommand reads the options of: keyport doctor.
func doctorCommand(args []string) (command, error) {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	return withFlags(flags, args, nil, func(ctx context.Context, p *program) error { return examine(ctx, p, *asJSON) })
}

// examine prints all findings, and fails when one of them is bad.
func examine(ctx context.Context, p *program, asJSON bool) error {
	d := &doctor{p: p}
	d.add("configuration", isWell, "The environment can be used.")
	d.address()
	d.mail()
	d.files()
	d.database(ctx)
	if err := d.print(asJSON); err != nil {
		return err
	}
	if n := d.count(bad); n > 0 {
		return failed(nil, "Findings that keep Keyport from working: %d. Do what the lines marked bad say.", n)
	}
	return nil
}

func (d *doctor) add(check string, v verdict, format string, args ...any) {
	d.findings = append(d.findings, finding{check, v, fmt.Sprintf(format, args...)})
}

func (d *doctor) count(v verdict) (n int) {
	for _, f := range d.findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

func (d *doctor) print(asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(d.p.stdout)
		e.SetIndent("", "  ")
		return e.Encode(d.findings)
	}
	for _, f := range d.findings {
		if _, err := fmt.Fprintf(d.p.stdout, "%-5s %-14s %s\n", f.Verdict, f.Check, f.Message); err != nil {
			return err
		}
	}
	return nil
}

func (d *doctor) address() {
	switch u := d.p.PublicURL; {
	case u == nil:
		d.add("public URL", warn, "Links lead to the address that Keyport listens on. Set KEYPORT_PUBLIC_URL to the https address by which people reach it.")
	case u.Scheme != "https":
		d.add("public URL", warn, "%s is not encrypted, so passwords and keys can be read on the way. Put Keyport behind HTTPS.", u)
	default:
		d.add("public URL", isWell, "People reach the portal at %s.", u)
	}
}

func (d *doctor) mail() {
	if d.p.Mail == nil {
		d.add("mail", warn, "The environment names no mail server. Choose one in the portal (Configuration, SMTP), or set KEYPORT_SMTP_URL and KEYPORT_SMTP_FROM, to have people told of keys that end.")
		return
	}
	d.add("mail", isWell, "The mail server is configured. Whether it takes letters was not tried.")
}

// files checks that other accounts of the machine stay out.
func (d *doctor) files() {
	places := []string{d.p.DataDir}
	if path := d.p.SQLitePath(); path != "" && filepath.Dir(path) != filepath.Clean(d.p.DataDir) {
		places = append(places, filepath.Dir(path))
	}
	for _, place := range places {
		info, err := os.Stat(place)
		switch {
		case errors.Is(err, os.ErrNotExist) && d.p.SQLitePath() == "":
		case errors.Is(err, os.ErrNotExist):
			d.add("folder", warn, "%s does not exist yet. The first start makes it.", place)
		case err != nil:
			d.add("folder", bad, "%s can't be looked at. Give this account the right to read it.", place)
		case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
			d.add("folder", warn, "Other accounts may enter %s. Run: chmod 700 %s", place, place)
		default:
			d.add("folder", isWell, "Only its owner may enter %s.", place)
		}
	}
}

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

// sentence is what a person may read of an error; the log has its cause.
func (d *doctor) sentence(err error) string {
	sentence, _, cause := explain(err)
	if cause != nil {
		d.p.log.Error("keyport doctor", "cause", cause)
	}
	return sentence
}
