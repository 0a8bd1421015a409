package store

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// signingKey is a key that signs access tokens, as it is stored.
type signingKey struct {
	ID         string `gorm:"primaryKey"`
	Serial     int64
	PrivateKey []byte // PKCS #8, locked
	KeyID      int64  // the master key it is locked with
	CreatedAt  time.Time
}

const signingKeyColumns = "id, serial, private_key, key_id, created_at"

// signingKeys remembers keys that were opened. A key never changes, so what is
// remembered is right as long as the key counts.
type signingKeys struct {
	mu     sync.Mutex
	opened map[string]models.SigningKey
}

func (k *signingKeys) find(id string) (models.SigningKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.opened[id]
	return key, ok
}

// keep remembers a key, and forgets those that no longer count.
func (k *signingKeys) keep(key models.SigningKey, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opened == nil {
		k.opened = map[string]models.SigningKey{}
	}
	for id, old := range k.opened {
		if !old.Checks(now) {
			delete(k.opened, id)
		}
	}
	k.opened[key.ID] = key
}

func (k *signingKeys) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opened = nil
}

// SigningKeys returns the keys with which access tokens can be checked now,
// newest first.
func (s *Store) SigningKeys(ctx context.Context) ([]models.SigningKey, error) {
	var rows []signingKey
	if err := s.read.WithContext(ctx).Select(signingKeyColumns).Order("serial DESC").Find(&rows).Error; err != nil {
		return nil, s.failure("signing keys", err)
	}
	keys := []models.SigningKey{}
	for _, row := range rows {
		if key, err := s.openSigningKey(row); err == nil && key.Checks(s.Now()) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// openSigningKey unlocks a key. One that was changed behind our back, or locked
// with a master key that is not here, signs and checks nothing.
func (s *Store) openSigningKey(row signingKey) (models.SigningKey, error) {
	key := models.RestoreSigningKey(row.ID, row.CreatedAt, nil)
	if known, ok := s.signing.find(row.ID); ok && known.CreatedAt.Equal(row.CreatedAt) {
		return known, nil
	}
	text, err := s.keyring.Open(row.PrivateKey, key.Place())
	if err != nil {
		return key, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(text)
	private, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return key, models.ErrLocked
	}
	key = models.RestoreSigningKey(row.ID, row.CreatedAt, private)
	s.signing.keep(key, s.Now())
	return key, nil
}

// checkingKey returns the key with this id, if tokens of it are believed.
func (s *Store) checkingKey(ctx context.Context, id string) (models.SigningKey, error) {
	if key, ok := s.signing.find(id); ok {
		return key, nil
	}
	if !storable(id) {
		return models.SigningKey{}, models.ErrLocked
	}
	var row signingKey
	err := s.read.WithContext(ctx).Select(signingKeyColumns).Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.SigningKey{}, models.ErrLocked
	}
	if err != nil {
		return models.SigningKey{}, err
	}
	return s.openSigningKey(row)
}

// signer returns the key that signs now. When the newest one has signed for its
// time, a new one follows; replicas that notice together make one.
func (s *Store) signer(ctx context.Context) (models.SigningKey, error) {
	newest, serial, err := s.newestSigner(ctx)
	if err != nil || newest.Signs(s.Now()) {
		return newest, err
	}
	fresh, err := models.MakeSigningKey(s.Now()) // takes too long for a transaction
	if err != nil {
		return fresh, err
	}
	if err := s.addSigningKey(ctx, fresh, serial+1); err != nil {
		return fresh, err
	}
	newest, _, err = s.newestSigner(ctx)
	if err == nil && !newest.Signs(s.Now()) {
		err = models.ErrLocked // another replica's, which has another master key
	}
	return newest, err
}

// newestSigner returns the newest key, zero when there is none that opens.
func (s *Store) newestSigner(ctx context.Context) (key models.SigningKey, serial int64, err error) {
	var rows []signingKey
	if err := s.read.WithContext(ctx).Select(signingKeyColumns).Order("serial DESC").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return key, 0, err
	}
	if opened, err := s.openSigningKey(rows[0]); err == nil {
		key = opened
	}
	return key, rows[0].Serial, nil
}

// addSigningKey stores a key, unless another replica was faster, and removes
// those with which nothing is checked any more.
func (s *Store) addSigningKey(ctx context.Context, key models.SigningKey, serial int64) error {
	text, err := x509.MarshalPKCS8PrivateKey(key.Private())
	if err != nil {
		return err
	}
	row := signingKey{ID: key.ID, Serial: serial, PrivateKey: s.keyring.Lock(text, key.Place()), CreatedAt: key.CreatedAt}
	row.KeyID, _ = models.LockedBy(row.PrivateKey)
	return s.inTx(ctx, "add signing key", func(t *tx) error {
		if err := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return err
		}
		return t.db.Where("created_at <= ?", t.now.Add(-models.CheckingPeriod)).Delete(&signingKey{}).Error
	})
}

// relockSigningKeys moves keys to the newest master key, so that an old one can
// retire.
func (t *tx) relockSigningKeys() error {
	newest := t.store.keyring.IDs()[0]
	var rows []signingKey
	if err := t.db.Clauses(forUpdate).Select(signingKeyColumns).Where("key_id <> ?", newest).Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		place := models.RestoreSigningKey(row.ID, row.CreatedAt, nil).Place()
		text, err := t.store.keyring.Open(row.PrivateKey, place)
		if err != nil {
			continue // signs and checks nothing
		}
		err = t.db.Model(&signingKey{}).Where("id = ?", row.ID).
			Updates(map[string]any{"private_key": t.store.keyring.Lock(text, place), "key_id": newest}).Error
		if err != nil {
			return err
		}
	}
	return nil
}
