package store

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
	"unicode/utf8"

	"github.com/keyport/keyport/models"
)

// A backup is one line of JSON, the header; then, compressed, for each table a
// line that names its columns, a line for each row, and a line that ends all; and
// then the HMAC of everything before, in hexadecimal. It is the same for both
// databases, so that a backup of the one can be restored on the other.
//
// Whoever reads it checks the HMAC before believing anything: a file that was cut
// off, changed or put together has none that fits.

// What a file is for.
const (
	fileBackup  = "backup"
	fileJournal = "journal"
)

// fileFormats are the newest forms. Journals of the first one are read as well.
var fileFormats = map[string]int{fileBackup: 1, fileJournal: 2}

// formatWithoutRights is that of journals which tell of keys and users alone.
const formatWithoutRights = 1

const macLine = 2*32 + 1 // bytes of the last line

// maxLine bounds a row.
const maxLine = 64 << 20

var errNotBackup = errors.New("not as Keyport writes it")

// BackupHeader says what is in a file.
type BackupHeader struct {
	Keyport      string // fileBackup or fileJournal
	Format       int
	KeyID        int64 // the generation of the master key that authenticates it
	Schema       int64 // the step of the schema
	Version      string
	Engine       string
	Installation string
	TakenAt      time.Time
	Sequences    map[string]int64
	HeadID       int64  // the newest event
	HeadMAC      []byte // and its link of the chain
}

func (h BackupHeader) head() models.AuditHead {
	return models.AuditHead{EventID: h.HeadID, MAC: h.HeadMAC}
}

// tableLine begins a table.
type tableLine struct {
	Table   string
	Columns []column
}

// endLine ends the last one.
type endLine struct{ Rows map[string]int64 }

// backupWriter writes a file.
type backupWriter struct {
	out  io.Writer // the file and the HMAC
	file io.Writer
	mac  hash.Hash
	zip  *gzip.Writer
	line *bufio.Writer
	now  string // the table that is being written
	rows map[string]int64
}

func (s *Store) newBackupWriter(file io.Writer, h BackupHeader) (*backupWriter, error) {
	mac := s.keyring.BackupMAC(h.KeyID, h.Keyport)
	w := &backupWriter{out: io.MultiWriter(file, mac), file: file, mac: mac, rows: map[string]int64{}}
	text, err := json.Marshal(h)
	if err == nil {
		_, err = w.out.Write(append(text, '\n'))
	}
	w.zip = gzip.NewWriter(w.out)
	w.line = bufio.NewWriterSize(w.zip, 64<<10)
	return w, err
}

func (w *backupWriter) write(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.line.Write(append(text, '\n'))
	return err
}

func (w *backupWriter) begin(table string, columns []column) error {
	w.now, w.rows[table] = table, 0
	return w.write(tableLine{table, columns})
}

func (w *backupWriter) row(values []any) error {
	for _, v := range values {
		if text, ok := v.(string); ok && !utf8.ValidString(text) {
			return fmt.Errorf("a row of %s holds text that is not UTF-8", w.now)
		}
	}
	w.rows[w.now]++
	return w.write(values)
}

func (w *backupWriter) end() error {
	err := w.write(endLine{w.rows})
	err = errors.Join(err, w.line.Flush(), w.zip.Close())
	if err == nil {
		_, err = fmt.Fprintf(w.file, "%x\n", w.mac.Sum(nil))
	}
	return err
}
