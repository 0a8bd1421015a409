package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/keyport/keyport/models"
)

// maxMasterFile bounds what is read of a master key file; a hundred keys fit.
const maxMasterFile = 16 << 10

// readMasterKeys returns the master keys that the environment gives. When it
// gives none and the usual file does not exist, it returns no keys and the file
// in which a new one is to be kept.
func readMasterKeys(getenv func(string) string, dataDir string) (masters [][]byte, file string, err error) {
	const direct, byFile = "KEYPORT_MASTER_KEY", "KEYPORT_MASTER_KEY_FILE"
	value, file := getenv(direct), getenv(byFile)
	switch {
	case value != "" && file != "":
		return nil, "", misuse("%s and %s are both set. Set one of them.", direct, byFile)
	case value != "":
		masters, err = models.ParseMasterKeys(value)
		if err != nil {
			return nil, "", misuse("%s can't be used: %v.", direct, err)
		}
		return masters, "", nil
	case file != "":
		masters, err = readMasterFile(file, getenv)
		if errors.Is(err, fs.ErrNotExist) {
			err = misuse("%s names %s, which does not exist. Put the master key there, or leave the variable empty.", byFile, file)
		}
		return masters, "", err
	}
	file = filepath.Join(dataDir, "master.key")
	masters, err = readMasterFile(file, getenv)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, file, nil
	}
	return masters, "", err
}

// readMasterFile reads a file of master keys that nobody but its owner may read.
// The error is fs.ErrNotExist when there is no such file.
func readMasterFile(file string, getenv func(string) string) ([][]byte, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, misuse("The master key file %s can't be read. Give this account the right to read it.", file)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, misuse("The master key file %s is not a file. Put the master key there.", file)
	}
	if readableByOthers(file, info, getenv) {
		return nil, misuse("The master key file %s can be read by other accounts. Run: chmod 600 %s", file, file)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxMasterFile+1))
	if err != nil || len(text) > maxMasterFile {
		return nil, misuse("The master key file %s can't be read, or is too long. It must hold 32 bytes in hexadecimal or base64.", file)
	}
	masters, err := models.ParseMasterKeys(string(text))
	if err != nil {
		return nil, misuse("The master key file %s can't be used: %v.", file, err)
	}
	return masters, nil
}

// readableByOthers reports whether other accounts may read a file with a secret.
// systemd lets a service read its credentials by an access list, which looks like
// a right of the group; the folder they are in is closed to everybody else.
func readableByOthers(file string, info fs.FileInfo, getenv func(string) string) bool {
	forbidden := fs.FileMode(0o077)
	if folder := getenv("CREDENTIALS_DIRECTORY"); folder != "" && filepath.Dir(file) == filepath.Clean(folder) {
		forbidden = 0o037
	}
	return runtime.GOOS != "windows" && info.Mode().Perm()&forbidden != 0
}

func newMasterKey() []byte {
	key := make([]byte, models.MasterKeySize)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
}

// writeMasterKey keeps a new master key. It never replaces a file, and removes
// what it could not write whole.
func writeMasterKey(file string, key []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return keyNotKept(file, err)
	}
	_, err = f.WriteString("# The master key of Keyport. Without it no API key can be checked: keep a copy\n# in a safe place, apart from the database.\n" + hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return keyNotKept(file, errors.Join(err, os.Remove(file)))
	}
	if folder, err := os.Open(filepath.Dir(file)); err == nil {
		folder.Sync() // so that the name survives a power cut; not all systems can
		folder.Close()
	}
	return nil
}

func keyNotKept(file string, cause error) error {
	if errors.Is(cause, fs.ErrExist) {
		return failed(cause, "The master key file %s was made by another program just now. Start Keyport again.", file)
	}
	return failed(cause, "The master key file %s can't be written. Give this account the right to write the folder, or choose another one with KEYPORT_DATA_DIR.", file)
}
