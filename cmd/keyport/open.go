package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// openStore opens the database, brings its schema up to date and makes sure
// that the master key belongs to it. A master key is made only for a database
// that nobody has set up: for any other it was lost, and a new one would lock
// every key out.
func (p *program) openStore(ctx context.Context) (*store.Store, error) {
	masters := p.Masters
	if masters == nil {
		masters = [][]byte{newMasterKey()}
		if p.SQLitePath() != "" { // a server that can't be reached leaves no folder behind
			if err := makeFolder(p.DataDir); err != nil {
				return nil, err
			}
		}
	}
	s, err := p.openDatabase(ctx, masters)
	if err != nil {
		return nil, err
	}
	if _, err = s.Migrate(ctx); err == nil && p.Masters == nil {
		err = p.mayMakeMasterKey(ctx, s)
	}
	if err == nil {
		err = s.CheckKeyring(ctx)
	}
	if err == nil && p.Masters == nil {
		err = p.keepMasterKey(masters[0])
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (p *program) openDatabase(ctx context.Context, masters [][]byte) (*store.Store, error) {
	keyring, err := models.NewKeyring(masters...)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Options{URL: p.DatabaseURL, Keyring: keyring, Now: p.clock, Log: p.log})
}

// makeFolder makes the data folder if only it is missing: a longer missing path
// is more likely a typing error.
func makeFolder(folder string) error {
	err := os.Mkdir(folder, 0o700)
	info, missing := os.Stat(folder)
	switch {
	case missing == nil && !info.IsDir():
		return failed(err, "KEYPORT_DATA_DIR is %s, which is not a folder. Choose another place.", folder)
	case missing == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return failed(err, "The folder %s does not exist, so %s can't be made in it. Create it, or choose another place with KEYPORT_DATA_DIR.", filepath.Dir(folder), filepath.Base(folder))
	}
	return failed(err, "The data folder %s can't be created. Give this account the right to write %s, or choose another place with KEYPORT_DATA_DIR.", folder, filepath.Dir(folder))
}

func (p *program) mayMakeMasterKey(ctx context.Context, s *store.Store) error {
	fresh, err := s.NeedsSetup(ctx)
	if err == nil && !fresh {
		err = failed(nil, "The master key file %s is missing, but the database %s is in use. Put the file back from your copy, or name it with KEYPORT_MASTER_KEY_FILE.", p.MasterKeyFile, p.Place())
	}
	return err
}

func (p *program) keepMasterKey(key []byte) error {
	if err := makeFolder(p.DataDir); err != nil {
		return err
	}
	if err := writeMasterKey(p.MasterKeyFile, key); err != nil {
		return err
	}
	if p.SQLitePath() == "" {
		p.log.Warn("A new master key was made. All replicas need the same one: give each this file with KEYPORT_MASTER_KEY_FILE.", "file", p.MasterKeyFile)
	}
	return nil
}
