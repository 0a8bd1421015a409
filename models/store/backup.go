package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/migrations"
)

// Backup writes everything that is to be kept, as it is at one moment, while
// others go on working. version is the program's, for whoever looks at the file.
// The master key is not in it.
func (s *Store) Backup(ctx context.Context, out io.Writer, version string) (BackupHeader, error) {
	var h BackupHeader
	if _, err := s.InstallationID(ctx); err != nil { // by which a restore knows its own database
		return h, err
	}
	err := s.oneView(ctx, func(db *gorm.DB) (err error) {
		if h, err = s.backupHeader(db, fileBackup, version); err != nil {
			return err
		}
		w, err := s.newBackupWriter(out, h)
		if err != nil {
			return err
		}
		for _, table := range kept {
			if err := s.writeTable(db, w, table); err != nil {
				return err
			}
		}
		return w.end()
	})
	return h, s.failure("backup", err)
}

// oneView runs fn on one state of the database.
func (s *Store) oneView(ctx context.Context, fn func(db *gorm.DB) error) error {
	return s.read.WithContext(ctx).Transaction(fn, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

func (s *Store) backupHeader(db *gorm.DB, use, version string) (h BackupHeader, err error) {
	h = BackupHeader{Keyport: use, Format: fileFormat, KeyID: s.keyring.IDs()[0], Version: version, Engine: s.engine, TakenAt: s.Now()}
	if err := db.Raw("SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Row().Scan(&h.Schema); err != nil {
		return h, err
	}
	if h.Schema != migrations.Newest() {
		return h, &OpenError{"The database has the tables of another version. Run keyport migrate first, or use the version that serves it.", nil}
	}
	head, err := storedHead(db)
	if err != nil {
		return h, err
	}
	h.HeadID, h.HeadMAC = head.EventID, head.MAC
	if err := db.Raw("SELECT uuid FROM installation WHERE id = 1").Row().Scan(&h.Installation); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return h, err
	}
	h.Sequences, err = s.sequences(db)
	return h, err
}

// writeTable writes rows as they come, so that the memory in use does not grow
// with the table.
func (s *Store) writeTable(db *gorm.DB, w *backupWriter, table string) error {
	columns, err := s.columns(db, table)
	if err == nil && len(columns) == 0 {
		err = errors.New("there is no table " + table)
	}
	if err != nil {
		return err
	}
	if err := w.begin(table, columns); err != nil {
		return err
	}
	rows, err := db.Raw("SELECT " + columnNames(columns) + " FROM " + table).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	into, read := places(columns)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := w.row(read()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// alive is what works at a moment: whatever a backup holds and this doesn't, has
// ended since.
type alive struct {
	at        time.Time
	keys      map[string]time.Time // that work, with their end
	users     map[int64]aliveUser
	sequences map[string]int64
	keyID     int64 // of the fingerprints
}

// aliveUser is how a user gets in, by a fingerprint.
type aliveUser struct {
	active bool
	print  string
}

// alive reads what works now. A key whose row was changed behind our back does
// not.
func (s *Store) alive(db *gorm.DB, now time.Time) (alive, error) {
	a := alive{at: now, keys: map[string]time.Time{}, users: map[int64]aliveUser{}, keyID: s.keyring.IDs()[0]}
	prints, err := s.fingerprints(db, a.keyID)
	if err != nil {
		return a, err
	}
	var users []models.User
	if err := db.Model(&models.User{}).Select("id, is_active").Find(&users).Error; err != nil {
		return a, err
	}
	for _, u := range users {
		a.users[u.ID] = aliveUser{u.IsActive, prints[u.ID]}
	}
	if a.sequences, err = s.sequences(db); err != nil {
		return a, err
	}
	rows, err := db.Model(&models.APIKey{}).Select(keyColumns).Where("revoked_at IS NULL AND expires_at > ?", now).Rows()
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for rows.Next() {
		var k models.APIKey
		if err := db.ScanRows(rows, &k); err != nil {
			return a, err
		}
		if s.sealed(k) {
			a.keys[k.ID] = k.ExpiresAt
		}
	}
	return a, rows.Err()
}

// Journal writes what works now, and nothing of what it is: which keys and until
// when, and which users. It is small and quick to make, so that it can be made
// every few minutes and kept elsewhere; a restore looks there for what has ended
// since the backup.
func (s *Store) Journal(ctx context.Context, out io.Writer, version string) (BackupHeader, error) {
	var h BackupHeader
	if _, err := s.InstallationID(ctx); err != nil { // by which a restore knows its own database
		return h, err
	}
	err := s.oneView(ctx, func(db *gorm.DB) (err error) {
		if h, err = s.backupHeader(db, fileJournal, version); err != nil {
			return err
		}
		a, err := s.alive(db, h.TakenAt)
		if err != nil {
			return err
		}
		w, err := s.newBackupWriter(out, h)
		if err != nil {
			return err
		}
		return a.write(w)
	})
	return h, s.failure("journal", err)
}

func (a alive) write(w *backupWriter) error {
	if err := w.begin("keys", []column{{"id", kindText}, {"expires_at", kindTime}}); err != nil {
		return err
	}
	for id, end := range a.keys {
		if err := w.row([]any{id, end.UnixMicro()}); err != nil {
			return err
		}
	}
	if err := w.begin("users", []column{{"id", kindInt}, {"is_active", kindBool}, {"print", kindText}}); err != nil {
		return err
	}
	for id, u := range a.users {
		if err := w.row([]any{id, u.active, u.print}); err != nil {
			return err
		}
	}
	return w.end()
}

// readJournal reads what worked when a journal was made.
func readJournal(b *BackupFile) (alive, error) {
	a := alive{at: b.Header.TakenAt, keys: map[string]time.Time{}, users: map[int64]aliveUser{}, sequences: b.Header.Sequences, keyID: b.Header.KeyID}
	table := ""
	err := b.each(func(name string, _ []column) (bool, error) { table = name; return false, nil }, func(values []any) error {
		first, id := values[0], int64(0)
		if table == "keys" {
			name, _ := first.(string)
			end, err := number(values[1])
			a.keys[name] = time.UnixMicro(end).UTC()
			return err
		}
		id, err := number(first)
		active, _ := values[1].(bool)
		print, _ := values[2].(string)
		a.users[id] = aliveUser{active, print}
		return err
	})
	return a, err
}

// signIns are queries of all by which somebody gets in: for each user a text for
// each of them. What changes with each use is left out.
var signIns = []string{
	"SELECT id, 'password ' || password_hash FROM users ORDER BY id",
	"SELECT user_id, CASE WHEN confirmed THEN 'app' ELSE 'unconfirmed app' END FROM totp_secrets ORDER BY user_id",
	"SELECT user_id, 'identity ' || issuer || ' ' || subject FROM identities ORDER BY user_id, issuer, subject",
	"SELECT user_id, 'trust ' || id || ' ' || version FROM oidc_identities ORDER BY user_id, id",
}

// fingerprints returns for each user a text that changes when the ways to sign in
// do. Without the master key nothing can be told from it.
func (s *Store) fingerprints(db *gorm.DB, keyID int64) (map[int64]string, error) {
	prints := map[int64]hash.Hash{}
	add := func(user int64, part []byte) {
		if prints[user] == nil {
			prints[user] = s.keyring.BackupMAC(keyID, "fingerprint")
		}
		sum := sha256.Sum256(part)
		prints[user].Write(sum[:])
	}
	for _, query := range signIns {
		err := eachPair(db, query, func(user int64, part string) { add(user, []byte(part)) })
		if err != nil {
			return nil, err
		}
	}
	if err := addFactors(db, add); err != nil {
		return nil, err
	}
	texts := map[int64]string{}
	for user, h := range prints {
		texts[user] = hex.EncodeToString(h.Sum(nil))
	}
	return texts, nil
}

func eachPair(db *gorm.DB, query string, each func(user int64, part string)) error {
	rows, err := db.Raw(query).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var user int64
		var part string
		if err := rows.Scan(&user, &part); err != nil {
			return err
		}
		each(user, part)
	}
	return rows.Err()
}

// addFactors adds second factors, which are bytes and times.
func addFactors(db *gorm.DB, add func(user int64, part []byte)) error {
	var secrets []models.TOTPSecret
	if err := db.Select("user_id, created_at").Order("user_id").Find(&secrets).Error; err != nil {
		return err
	}
	for _, t := range secrets {
		add(t.UserID, binary.BigEndian.AppendUint64([]byte("totp"), uint64(t.CreatedAt.UnixMicro())))
	}
	var passkeys []models.Passkey
	if err := db.Select("user_id, credential_id").Order("user_id, credential_id").Find(&passkeys).Error; err != nil {
		return err
	}
	for _, p := range passkeys {
		add(p.UserID, append([]byte("passkey"), p.CredentialID...))
	}
	var codes []models.RecoveryCode
	if err := db.Select("user_id, digest, used_at").Order("user_id, digest").Find(&codes).Error; err != nil {
		return err
	}
	for _, c := range codes {
		if c.UsedAt == nil {
			add(c.UserID, append([]byte("code"), c.Digest...))
		}
	}
	return nil
}
