package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// AuditSettings returns how long events are kept, to those who may read them.
func (s *Store) AuditSettings(ctx context.Context) (models.AuditSettings, error) {
	if actor := models.ActorFrom(ctx); !actor.May(models.EventView) && !actor.May(models.ConfigureServer) {
		return models.AuditSettings{}, models.Denied("You can't see how long events are kept. Ask an administrator for the right to view events.")
	}
	settings, err := auditSettings(s.read.WithContext(ctx))
	return settings, s.failure("audit settings", err)
}

func auditSettings(db *gorm.DB) (settings models.AuditSettings, err error) {
	err = db.Select("id, retention_days, version").Take(&settings).Error
	return settings, err
}

// SaveAuditSettings changes how long events are kept. wish.Version names the
// version that the actor has seen.
func (s *Store) SaveAuditSettings(ctx context.Context, wish models.AuditSettings) (models.AuditSettings, error) {
	var saved models.AuditSettings
	err := s.inTx(ctx, "save audit settings", func(t *tx) error {
		stored, err := auditSettings(t.db.Clauses(forUpdate))
		if err != nil {
			return err
		}
		actor, err := t.actor()
		if err == nil {
			err = models.MayChangeSettings(actor, wish.Version, stored.Version)
		}
		if err != nil {
			return err
		}
		if err := wish.Check(); err != nil || wish.RetentionDays == stored.RetentionDays {
			saved = stored
			return err
		}
		saved = models.AuditSettings{ID: stored.ID, RetentionDays: wish.RetentionDays, Version: stored.Version + 1}
		err = t.db.Model(&models.AuditSettings{}).Where("id = ?", stored.ID).Updates(map[string]any{"retention_days": saved.RetentionDays, "version": saved.Version}).Error
		if err != nil {
			return err
		}
		changes := []models.Difference{{Path: "EventRetentionDays", Before: stored.RetentionDays, After: saved.RetentionDays}}
		return t.record(actor, models.Event{Category: models.Modified, DocumentType: models.DocumentConfiguration, DocumentID: models.AuditRetentionID, Differences: changes},
			new(message).document("Audit settings", models.AuditRetentionID).text(" were changed"))
	})
	return saved, err
}

// retentionBatch bounds a transaction of RemoveOldEvents, so that others get
// their turn.
const retentionBatch = 2000

// RemoveOldEvents removes the events that have been kept long enough: the first
// part of the chain, never one from its middle. What was removed is noted in the
// trail, and a sealed checkpoint says where the chain begins now.
func (s *Store) RemoveOldEvents(ctx context.Context) error {
	settings, err := auditSettings(s.read.WithContext(ctx))
	if err != nil {
		return s.failure("remove old events", err)
	}
	before := s.Now().Add(-time.Duration(settings.RetentionDays) * 24 * time.Hour)
	for {
		var removed int64
		err := s.inTx(ctx, "remove old events", func(t *tx) (err error) {
			removed, err = t.removeEvents(before)
			return err
		})
		if err != nil || removed < retentionBatch {
			return err
		}
	}
}

// removeEvents removes some of the oldest events and returns how many.
func (t *tx) removeEvents(before time.Time) (int64, error) {
	last, err := t.lastToRemove(before)
	if err != nil || last.ID == 0 {
		return 0, err
	}
	if err := t.checkpoint(last); err != nil {
		return 0, err
	}
	result := t.db.Where("id <= ?", last.ID).Delete(&models.Event{})
	if result.Error != nil || result.RowsAffected == 0 {
		return 0, result.Error
	}
	words := said("Events up to ").text(models.Instant(last.OccurredAt) + " were removed, because they have been kept long enough")
	return result.RowsAffected, t.record(nil, models.Event{Category: models.Deleted, DocumentType: models.DocumentConfiguration, DocumentID: models.AuditRetentionID}, words)
}

// lastToRemove finds the last event of the next batch: within the first
// retentionBatch events, all of which are old enough and have been looked at by
// whoever sends them out.
func (t *tx) lastToRemove(before time.Time) (models.Event, error) {
	var last models.Event
	var oldest []models.Event
	err := t.db.Select("id, occurred_at, mac, mac_key").Order("id").Limit(retentionBatch).Find(&oldest).Error
	if err != nil {
		return last, err
	}
	sent, err := t.sentEvents()
	if err != nil {
		return last, err
	}
	for _, e := range oldest {
		if !e.OccurredAt.Before(before) || e.ID > sent {
			break
		}
		last = e
	}
	return last, nil
}

// checkpoint notes that the chain begins after this event.
func (t *tx) checkpoint(last models.Event) error {
	c := models.AuditCheckpoint{EventID: last.ID, MAC: last.MAC, CreatedAt: t.now}
	if last.MAC == nil { // one from before there was a chain
		c.MAC = models.ChainStart
		return t.keepCheckpoint(c)
	}
	key := t.store.keyring.ChainKey()
	c.MACKey = &key
	c.Seal = t.store.keyring.SealCheckpoint(key, c)
	return t.keepCheckpoint(c)
}

func (t *tx) keepCheckpoint(c models.AuditCheckpoint) error {
	var first models.AuditCheckpoint
	err := t.db.Select(checkpointColumns).Order("event_id DESC").Take(&first).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) || err == nil && first.EventID >= c.EventID {
		return err // older events, which the checkpoint that is there accounts for
	}
	if err := t.db.Create(&c).Error; err != nil {
		return err
	}
	return t.db.Where("event_id < ?", c.EventID).Delete(&models.AuditCheckpoint{}).Error
}
