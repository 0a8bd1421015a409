package models

import "time"

// ScheduledTask is work that one of the replicas does from time to time. When it
// is due stands in the database, so that it is done once, whoever restarts.
type ScheduledTask struct {
	Name         string `gorm:"primaryKey"`
	NextRunAt    time.Time
	RunningUntil *time.Time // somebody works on it, and is taken for dead after this
	StartedAt    *time.Time // of the last run
	FinishedAt   *time.Time // of the last run that came to its end
	Found        string     // what that one found, in a sentence
	Failed       string     // why the last run came to no end, "" when it did
}

// ExpiryTask is the task that raises the events of keys that end.
const ExpiryTask = "expiry-events"

// When the expiry task runs: Octopus's times.
const (
	ExpiryTaskFirst = 10 * time.Minute // after a start
	ExpiryTaskEvery = 4 * time.Hour
	ExpiryTaskMost  = 10 * time.Minute // after which somebody else takes over
)

// ExpiryRun is what a run of the expiry task found.
type ExpiryRun struct {
	Looked int // keys whose moment had come
	Events map[Category]int
	Failed int // keys that could not be dealt with, and will be tried again
}
