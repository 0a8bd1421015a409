package store

import (
	"encoding/json"

	"github.com/keyport/keyport/models"
)

// appendEvents writes the events of the transaction to the end of the chain.
func (t *tx) appendEvents() error {
	if len(t.events) == 0 {
		return nil
	}
	head, err := t.lockHead()
	if err != nil {
		return err
	}
	key := t.store.keyring.ChainKey()
	for i := range t.events {
		e := &t.events[i]
		e.ID, e.MACKey = head.EventID+1, &key
		e.MAC = t.store.keyring.Chain(key, head.MAC, e.ChainedBytes(storedJSON(e.References), storedJSON(e.Differences)))
		head = models.AuditHead{EventID: e.ID, MAC: e.MAC}
	}
	if err := t.db.CreateInBatches(t.events, 200).Error; err != nil {
		return err
	}
	err = t.db.Table("audit_head").Where("id = 1").Updates(map[string]any{"event_id": head.EventID, "mac": head.MAC}).Error
	if err != nil || t.appended == nil {
		return err
	}
	return t.appended(t.events)
}

// lockHead returns the newest link, and keeps everybody else from appending
// until the transaction ends.
func (t *tx) lockHead() (head models.AuditHead, err error) {
	query := "SELECT event_id, mac FROM audit_head WHERE id = 1"
	if t.store.pool != nil {
		query += " FOR UPDATE"
	}
	err = t.db.Raw(query).Row().Scan(&head.EventID, &head.MAC)
	return head, err
}

// storedJSON is the text that GORM's serializer stores of a list, "" for the
// absence of one.
func storedJSON[T any](list []T) string {
	text, err := json.Marshal(list)
	if err != nil || string(text) == "null" {
		return ""
	}
	return string(text)
}
