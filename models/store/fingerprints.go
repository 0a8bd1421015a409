package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

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
