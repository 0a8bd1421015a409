package views

// Tasks is Configuration → Tasks: what Keyport does from time to time.
type Tasks struct {
	Shell  Shell
	Expiry TaskCard
	Audit  string // leads to the events of the task, "" for those who may not read the trail
	Zone   string

	Replicas []ReplicaRow
}

// TaskCard is one task.
type TaskCard struct {
	Running      bool
	Last         Moment // when the last run began, without text if there was none
	LastRelative string
	Took         string // "" as long as the last run has not ended
	Found        string // what the last run that ended found, "" if none did
	Failed       string // why the last run came to no end, "" if it did
	Next         Moment
	NextRelative string
	RunPath      string // runs it at once
}
