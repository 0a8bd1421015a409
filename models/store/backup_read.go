package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/migrations"
)

// BackupFile is a file whose HMAC was checked.
type BackupFile struct {
	Header BackupHeader
	file   *os.File
	body   int64 // where the compressed part begins
	size   int64 // of all but the last line
}

// OpenBackup opens a backup and checks that it is whole and of this master key.
// Errors are worded for the person who restores.
func OpenBackup(path string, ring *models.Keyring) (*BackupFile, error) {
	return openBackupFile(path, fileBackup, ring)
}

// OpenJournal opens a journal in the same way.
func OpenJournal(path string, ring *models.Keyring) (*BackupFile, error) {
	return openBackupFile(path, fileJournal, ring)
}

func openBackupFile(path, use string, ring *models.Keyring) (*BackupFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, &OpenError{"The file " + path + " can't be read. Check its name and its rights.", err}
	}
	b := &BackupFile{file: file}
	if err := b.check(path, use, ring); err != nil {
		file.Close()
		return nil, err
	}
	return b, nil
}

// Close closes the file.
func (b *BackupFile) Close() error { return b.file.Close() }

func (b *BackupFile) check(path, use string, ring *models.Keyring) error {
	damaged := &OpenError{"The file " + path + " is not a whole " + use + " of Keyport: it was cut off or changed. Take another one.", nil}
	first, err := bufio.NewReader(io.LimitReader(b.file, 1<<20)).ReadBytes('\n')
	if err != nil || json.Unmarshal(first, &b.Header) != nil || b.Header.Keyport == "" {
		return damaged
	}
	switch h := b.Header; {
	case h.Keyport != use:
		return &OpenError{"The file " + path + " is a " + h.Keyport + " and not a " + use + ".", nil}
	case h.Format < 1 || h.Format > fileFormats[use]:
		return &OpenError{fmt.Sprintf("The file %s is of a newer form. Use Keyport %s or a newer one.", path, h.Version), nil}
	}
	mac := ring.BackupMAC(b.Header.KeyID, use)
	if mac == nil {
		return &OpenError{"The file " + path + " was made with another master key. Start with that one: without it no API key in the backup would work.", nil}
	}
	info, err := b.file.Stat()
	if err != nil || info.Size() < int64(len(first))+macLine {
		return damaged
	}
	b.body, b.size = int64(len(first)), info.Size()-macLine
	if _, err := b.file.Seek(0, io.SeekStart); err != nil {
		return damaged
	}
	last := make([]byte, macLine)
	if _, err := io.CopyN(mac, b.file, b.size); err != nil {
		return damaged
	}
	if _, err := io.ReadFull(b.file, last); err != nil {
		return damaged
	}
	sum, err := hex.DecodeString(string(last[:macLine-1]))
	if err != nil || last[macLine-1] != '\n' || !hmac.Equal(sum, mac.Sum(nil)) {
		return damaged
	}
	return b.knownStep(path)
}

// knownStep refuses a backup with tables that this program does not know. A
// journal is not about tables.
func (b *BackupFile) knownStep(path string) error {
	h, newest := b.Header, migrations.Newest()
	if h.Keyport != fileBackup || h.Schema <= newest {
		return nil
	}
	return &OpenError{fmt.Sprintf("The backup %s was made by a newer Keyport, %s: its tables are at step %d, and this program knows %d. Restore it with that version or a newer one.",
		path, h.Version, h.Schema, newest), nil}
}

// each reads all rows in their order. begin may refuse a table by skip.
func (b *BackupFile) each(begin func(table string, columns []column) (skip bool, err error), row func(values []any) error) error {
	zipped, err := gzip.NewReader(io.NewSectionReader(b.file, b.body, b.size-b.body))
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(zipped)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	skip, columns := true, 0
	for lines.Scan() {
		text := lines.Bytes()
		switch {
		case bytes.HasPrefix(text, []byte(`{"Rows":`)):
			return nil
		case bytes.HasPrefix(text, []byte("{")):
			var t tableLine
			if err := json.Unmarshal(text, &t); err != nil {
				return err
			}
			if skip, err = begin(t.Table, t.Columns); err != nil {
				return err
			}
			columns = len(t.Columns)
		case !skip:
			values, err := decodeRow(text)
			if err == nil && len(values) != columns {
				err = errNotBackup
			}
			if err != nil {
				return err
			}
			if err := row(values); err != nil {
				return err
			}
		}
	}
	return errors.Join(errNotBackup, lines.Err()) // it has no end
}

// decodeRow reads a row; numbers keep all their digits.
func decodeRow(text []byte) (values []any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&values)
	return values, err
}

func number(v any) (int64, error) {
	if n, ok := v.(json.Number); ok {
		return n.Int64()
	}
	return 0, errNotBackup
}

func bytesOf(v any) ([]byte, error) {
	text, ok := v.(string)
	if !ok {
		return nil, errNotBackup
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if b == nil {
		b = []byte{}
	}
	return b, err
}
