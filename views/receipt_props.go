package views

// Receipt tells which replicas have heard of a change.
type Receipt struct {
	Shell   Shell
	Crumbs  []Crumb
	Title   string // "Revocation of “Laptop scripts”"
	Path    string
	Waiting bool     // some replicas may answer in a moment
	Summary string   // "Refused on 3 of 3 replicas after 0.4 s."
	Silent  []string // a sentence on each replica that has not answered
	Last    string   // the last accepted call, as far as it is known; "" where none is meant
	Rows    []ReceiptRow
	Zone    string
}

// ReceiptRow is what a replica has answered.
type ReceiptRow struct {
	Host, Version string
	Answer        string
	Tone          Tone
	Heard         Moment // when it last said that it hears of changes
}

// ReplicaRow is a process that serves the portal.
type ReplicaRow struct {
	Host, Version string
	State         string
	Tone          Tone
	Started, Beat Moment
}
