package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"
)

// installation is what tells this database from all others.
type installation struct {
	ID        int64 `gorm:"primaryKey;autoIncrement:false"`
	UUID      string
	CreatedAt time.Time
}

// TableName names the table for GORM: there is only ever one row.
func (installation) TableName() string { return "installation" }

// InstallationID returns the UUID of this installation. It is made when it is
// first asked for, is the same on all replicas, and never changes.
func (s *Store) InstallationID(ctx context.Context) (string, error) {
	if id := s.installation.Load(); id != nil {
		return *id, nil
	}
	row := installation{}
	err := s.inTx(ctx, "installation id", func(t *tx) error {
		first := installation{ID: 1, UUID: uuid.NewString(), CreatedAt: t.now}
		if err := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&first).Error; err != nil {
			return err
		}
		row = installation{}
		return t.db.Select("id", "uuid").Take(&row, "id = ?", 1).Error
	})
	if err != nil {
		return "", err
	}
	s.installation.Store(&row.UUID)
	return row.UUID, nil
}
