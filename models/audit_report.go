package models

import "fmt"

// AuditReport is what a walk over the chain of events found.
type AuditReport struct {
	Uncovered int64 // events from before there was a chain, which nothing is known of
	Checked   int64 // events whose place and MAC are right
	From      int64 // the first event of the chain
	Head      AuditHead
	Finding   *AuditFinding // the first thing that is wrong, nil when nothing is
}

// AuditFlaw is what is wrong with a place in the chain.
type AuditFlaw string

// The flaws.
const (
	EventAltered      AuditFlaw = "was altered"
	EventMissing      AuditFlaw = "is missing"
	EventInserted     AuditFlaw = "was inserted"
	HeadAltered       AuditFlaw = "is the last event, but the stored head of the chain says something else"
	CheckpointAltered AuditFlaw = "is named by a checkpoint that Keyport did not write"
	HeadContradicted  AuditFlaw = "is not the event that the given head names"
	KeyMissing        AuditFlaw = "was chained with a master key that is not on the ring"
)

// AuditFinding names the first event at which the chain is broken.
type AuditFinding struct {
	EventID int64
	Flaw    AuditFlaw
}

// String says it in a sentence.
func (f AuditFinding) String() string { return fmt.Sprintf("Event %d %s.", f.EventID, f.Flaw) }

// AuditWalk follows a chain, event by event.
type AuditWalk struct {
	Report  AuditReport
	keyring *Keyring
	from    int64 // the event after which the chain begins
	sealed  bool  // retention has removed what was before
	last    AuditHead
	heads   map[int64][]AuditHead
}

// NewAuditWalk begins at the newest checkpoint. heads are links that somebody
// noted earlier, outside of the database; the chain has to contain them.
func NewAuditWalk(r *Keyring, checkpoints []AuditCheckpoint, heads []AuditHead) *AuditWalk {
	w := &AuditWalk{keyring: r, heads: map[int64][]AuditHead{}, last: AuditHead{MAC: ChainStart}}
	for _, h := range heads {
		w.heads[h.EventID] = append(w.heads[h.EventID], h)
	}
	for _, c := range checkpoints {
		if c.MACKey != nil && !r.Sealed(c) || c.MACKey == nil && string(c.MAC) != string(ChainStart) {
			w.find(c.EventID, CheckpointAltered)
		}
		if c.EventID >= w.from {
			w.from, w.sealed, w.last = c.EventID, c.MACKey != nil, AuditHead{c.EventID, c.MAC}
		}
	}
	w.Report.From = w.from + 1
	w.beginning()
	return w
}

// beginning compares where the chain begins with the given heads. Retention
// removes what it has sealed; without its seal nothing that was chained can lie
// before the beginning, or somebody has moved it.
func (w *AuditWalk) beginning() {
	for id, heads := range w.heads {
		for _, h := range heads {
			switch {
			case id < w.from && !w.sealed:
				w.find(id, EventMissing)
			case id == w.from && string(h.MAC) != string(w.last.MAC):
				w.find(id, HeadContradicted)
			}
		}
	}
}

func (w *AuditWalk) find(event int64, flaw AuditFlaw) {
	if w.Report.Finding == nil {
		w.Report.Finding = &AuditFinding{event, flaw}
	}
}

// Step takes the next event in the order of ids. It reports whether the walk
// goes on: after the first flaw nothing can be said of what follows.
func (w *AuditWalk) Step(e Event, references, differences string) bool {
	switch next := w.last.EventID + 1; {
	case w.Report.Finding != nil:
	case e.ID > 0 && e.ID <= w.from && !w.sealed && e.MAC == nil:
		w.Report.Uncovered++
	case e.ID <= w.from:
		w.find(e.ID, EventInserted)
	case e.ID > next:
		w.find(next, EventMissing)
	case e.MAC == nil || e.MACKey == nil:
		w.find(e.ID, EventInserted)
	default:
		w.link(e, references, differences)
	}
	return w.Report.Finding == nil
}

func (w *AuditWalk) link(e Event, references, differences string) {
	want := w.keyring.Chain(*e.MACKey, w.last.MAC, e.ChainedBytes(references, differences))
	switch {
	case want == nil:
		w.find(e.ID, KeyMissing)
		return
	case string(want) != string(e.MAC):
		w.find(e.ID, EventAltered)
		return
	}
	for _, h := range w.heads[e.ID] {
		if string(h.MAC) != string(e.MAC) {
			w.find(e.ID, HeadContradicted)
		}
	}
	w.last = AuditHead{e.ID, e.MAC}
	w.Report.Checked++
}

// End compares where the walk ended with the stored head and with those that
// were given.
func (w *AuditWalk) End(stored AuditHead) AuditReport {
	for id := range w.heads {
		if id > w.last.EventID {
			w.find(w.last.EventID+1, EventMissing)
		}
	}
	switch {
	case stored.EventID > w.last.EventID:
		w.find(w.last.EventID+1, EventMissing)
	case stored.EventID < w.last.EventID || string(stored.MAC) != string(w.last.MAC):
		w.find(w.last.EventID, HeadAltered)
	}
	w.Report.Head = w.last
	return w.Report
}
