package models

import (
	"encoding/json"
	"strings"
	"time"
)

// EventCSVHead names the columns of events as a table.
var EventCSVHead = []string{"Id", "Occurred", "Category", "User", "User id", "Identified by", "API key", "Address", "Agent", "Request id", "Document type", "Document", "Message", "Differences"}

// CSVRecord is the event as a row of that table, safe to be opened by a
// spreadsheet.
func (e Event) CSVRecord() []string {
	user := ""
	if e.UserID != nil {
		user = UserID(*e.UserID)
	}
	record := []string{e.PublicID(), e.OccurredAt.UTC().Format(time.RFC3339), string(e.Category), e.Username, user, e.IdentifiedBy, e.APIKeyID,
		e.Address, e.UserAgent, e.RequestID, e.DocumentType, e.DocumentID, e.Message, e.differencesText()}
	for i := range record {
		record[i] = CSVCell(record[i])
	}
	return record
}

// differencesText writes the differences in one line.
func (e Event) differencesText() string {
	var parts []string
	for _, d := range e.Differences {
		before, _ := json.Marshal(d.Before)
		after, _ := json.Marshal(d.After)
		parts = append(parts, d.Path+": "+string(before)+" -> "+string(after))
	}
	return strings.Join(parts, "; ")
}
