package store

import (
	"context"
	"database/sql"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

const checkpointColumns = "event_id, mac, mac_key, seal, created_at"

// VerifyAudit walks the whole chain of events and reports the first that was
// altered, removed or inserted. heads are links that were noted outside of the
// database, in the log; without them a trail that was cut off at its end, head
// and all, looks whole. It asks for no rights: only the console offers it.
func (s *Store) VerifyAudit(ctx context.Context, heads []models.AuditHead) (report models.AuditReport, err error) {
	// One view of the database, so that what is appended meanwhile is not missed
	// in one place and found in another.
	err = s.read.WithContext(ctx).Transaction(func(db *gorm.DB) error {
		var checkpoints []models.AuditCheckpoint
		if err := db.Select(checkpointColumns).Order("event_id").Find(&checkpoints).Error; err != nil {
			return err
		}
		walk := models.NewAuditWalk(s.keyring, checkpoints, heads)
		if err := walkEvents(db, walk); err != nil {
			return err
		}
		head, err := storedHead(db)
		report = walk.End(head)
		return err
	}, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	return report, s.failure("verify audit trail", err)
}

func storedHead(db *gorm.DB) (head models.AuditHead, err error) {
	err = db.Raw("SELECT event_id, mac FROM audit_head WHERE id = 1").Row().Scan(&head.EventID, &head.MAC)
	return head, err
}

// walkEvents reads the events one by one, past GORM: there may be millions, and
// two columns are needed as they are stored.
func walkEvents(db *gorm.DB, walk *models.AuditWalk) error {
	rows, err := db.Raw("SELECT " + eventColumns + " FROM events ORDER BY id").Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var e models.Event
		var references, differences sql.NullString
		err := rows.Scan(&e.ID, &e.Category, &e.OccurredAt, &e.UserID, &e.Username, &e.IsService, &e.IdentifiedBy, &e.APIKeyID, &e.APIKeyPrefix,
			&e.Address, &e.UserAgent, &e.RequestID, &e.Message, &references, &differences, &e.DocumentType, &e.DocumentID, &e.RelatedUserID, &e.MAC, &e.MACKey)
		if err != nil {
			return err
		}
		if !walk.Step(e, references.String, differences.String) {
			return nil
		}
	}
	return rows.Err()
}

// AuditHead returns the newest link of the chain, for noting it elsewhere.
func (s *Store) AuditHead(ctx context.Context) (models.AuditHead, error) {
	head, err := storedHead(s.read.WithContext(ctx))
	return head, s.failure("audit head", err)
}
