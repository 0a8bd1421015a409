package models

// Limits of how long events are kept, in days, and Octopus's default.
const (
	MinRetentionDays     = 1
	MaxRetentionDays     = 3660
	DefaultRetentionDays = 90
)

// AuditSettings say how long events are kept. There is one row.
type AuditSettings struct {
	ID            int64 `gorm:"primaryKey"`
	RetentionDays int
	Version       int64
}

// AuditRetentionID is the id of the settings document in events.
const AuditRetentionID = "eventretention"

// RestoreID is the id in events of the database itself, when a backup was
// restored.
const RestoreID = "database"

// Check says what is wrong with the settings.
func (s AuditSettings) Check() error {
	if s.RetentionDays < MinRetentionDays || s.RetentionDays > MaxRetentionDays {
		return InvalidField("EventRetentionDays", "Keep events for 1 to 3,660 days.")
	}
	return nil
}
