package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// restoring are the options of: keyport restore.
type restoring struct {
	from, journal        string
	replace, acceptAlive bool
}

func restoreCommand(args []string) (command, error) {
	var o restoring
	flags := flag.NewFlagSet("restore", flag.ContinueOnError)
	flags.StringVar(&o.from, "from", "", "")
	flags.StringVar(&o.journal, "journal", "", "")
	flags.BoolVar(&o.replace, "replace", false, "")
	flags.BoolVar(&o.acceptAlive, "accept-revived-keys", false, "")
	check := func() error {
		if o.from == "" {
			return misuse("keyport restore needs --from FILE.")
		}
		return nil
	}
	return withFlags(flags, args, check, func(ctx context.Context, p *program) error { return o.run(byConsole(ctx), p) })
}

// run restores. The files are checked from end to end before the database is
// opened.
func (o restoring) run(ctx context.Context, p *program) error {
	if p.Masters == nil {
		return failed(nil, "The master key file %s is missing. Without the master key no API key in the backup would work: put it back from your copy, or name it with KEYPORT_MASTER_KEY_FILE.", p.MasterKeyFile)
	}
	ring, err := models.NewKeyring(p.Masters...)
	if err != nil {
		return err
	}
	file, err := store.OpenBackup(o.from, ring)
	if err != nil {
		return err
	}
	defer file.Close()
	options := store.RestoreOptions{Replace: o.replace, AcceptAlive: o.acceptAlive}
	if o.journal != "" {
		if options.Journal, err = store.OpenJournal(o.journal, ring); err != nil {
			return err
		}
		defer options.Journal.Close()
	}
	s, err := p.openDatabase(ctx, p.Masters)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := prepareFor(ctx, s, file.Header); err != nil {
		return err
	}
	report, err := s.Restore(ctx, file, options)
	if err != nil {
		return err
	}
	return o.finish(ctx, p, s, file.Header, report)
}

// prepareFor brings the tables to the step at which the backup was made.
func prepareFor(ctx context.Context, s *store.Store, h store.BackupHeader) error {
	has, want, err := s.SchemaVersions(ctx)
	if err == nil && has == 0 {
		err = s.MigrateTo(ctx, h.Schema)
		has = h.Schema
	} else if err == nil && has < want {
		_, err = s.Migrate(ctx)
		has = want
	}
	switch {
	case err != nil:
		return err
	case has != h.Schema:
		return failed(nil, "The backup has the tables of step %d, the database those of step %d. Restore into a new database: that is made at the backup's step and brought up to date afterwards.", h.Schema, has)
	}
	return nil
}

// finish brings the database up to date, checks it, and tells what was done.
func (o restoring) finish(ctx context.Context, p *program, s *store.Store, h store.BackupHeader, r store.RestoreReport) error {
	if _, err := s.Migrate(ctx); err != nil {
		return err
	}
	if err := s.CheckKeyring(ctx); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Restored the backup of %s: %d rows.\n", instant(h.TakenAt), r.Rows)
	fmt.Fprintf(p.stdout, "%d API keys worked then. %d of them came back revoked, %d with the earlier end that they were given since.\n", r.Keys, r.Ended, r.Shortened)
	for _, line := range o.advice(h, r) {
		fmt.Fprintln(p.stdout, line)
	}
	trail, err := s.VerifyAudit(ctx, nil)
	if err != nil {
		return err
	}
	if trail.Finding != nil {
		return failed(nil, "Everything is restored, but the audit trail in the backup was changed outside of Keyport. %s", trail.Finding)
	}
	fmt.Fprintf(p.stdout, "The audit trail is whole, head %s.\n", formatHead(trail.Head))
	return nil
}
