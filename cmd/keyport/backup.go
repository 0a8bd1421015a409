package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// backupCommand reads the options of: keyport backup.
func backupCommand(args []string) (command, error) {
	var to, journal string
	flags := flag.NewFlagSet("backup", flag.ContinueOnError)
	flags.StringVar(&to, "to", "", "")
	flags.StringVar(&journal, "journal", "", "")
	check := func() error {
		if to == "" && journal == "" {
			return misuse("keyport backup needs --to FILE, --journal FILE or both.")
		}
		return nil
	}
	return withFlags(flags, args, check, func(ctx context.Context, p *program) error { return backup(ctx, p, to, journal) })
}

// backup writes a backup, a journal or both. It works beside a running portal.
func backup(ctx context.Context, p *program, to, journal string) error {
	s, ring, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.CompareKeyring(ctx); err != nil {
		return err
	}
	if to != "" {
		err := writeWhole(to, false, func(w io.Writer) error { _, err := s.Backup(ctx, w, version); return err })
		if err != nil {
			return err
		}
		written, err := store.OpenBackup(to, ring) // a backup that nobody has read is a hope
		if err != nil {
			return err
		}
		defer written.Close()
		fmt.Fprintf(p.stdout, "Wrote the backup %s, as of %s. The master key is not in it: keep a copy of that elsewhere.\n", to, instant(written.Header.TakenAt))
	}
	if journal != "" {
		var h store.BackupHeader
		err := writeWhole(journal, true, func(w io.Writer) (err error) { h, err = s.Journal(ctx, w, version); return err })
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Wrote the journal %s: what works as of %s.\n", journal, instant(h.TakenAt))
	}
	return nil
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// openExisting opens a database that must be there, with a master key that must
// be, too: a new one would fit nothing.
func (p *program) openExisting(ctx context.Context) (*store.Store, *models.Keyring, error) {
	if p.Masters == nil {
		return nil, nil, failed(nil, "The master key file %s is missing. Put it back from your copy, or name it with KEYPORT_MASTER_KEY_FILE.", p.MasterKeyFile)
	}
	if path := p.SQLitePath(); path != "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, failed(err, "There is no database %s.", path)
		}
	}
	ring, err := models.NewKeyring(p.Masters...)
	if err != nil {
		return nil, nil, err
	}
	s, err := p.openDatabase(ctx, p.Masters)
	return s, ring, err
}

// writeWhole writes a file that only its owner may read, and gives it its name
// when all of it is on the disk. Only a file that is to be replaced is.
func writeWhole(path string, replace bool, write func(io.Writer) error) (err error) {
	if _, taken := os.Lstat(path); taken == nil && !replace {
		return failed(nil, "The file %s exists already. Choose another name.", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return failed(err, "The file %s can't be written. Choose a folder that this account may write.", path)
	}
	defer os.Remove(f.Name()) // it is there no more when all went well
	err = write(f)
	err = errors.Join(err, f.Sync(), f.Close())
	if errors.Is(err, syscall.ENOSPC) {
		return failed(err, "There is no room left for %s. Choose a larger disk.", path)
	}
	if err != nil {
		return err
	}
	if err := give(f.Name(), path, replace); err != nil {
		return failed(err, "The file %s can't be written. Choose another name.", path)
	}
	if folder, err := os.Open(filepath.Dir(path)); err == nil {
		folder.Sync() // so that the name survives a power cut; not all systems can
		folder.Close()
	}
	return nil
}

// give names a file. Linking, unlike renaming, replaces nothing that was made
// meanwhile; some systems can't.
func give(from, to string, replace bool) error {
	if !replace {
		if err := os.Link(from, to); err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return os.Rename(from, to)
}
