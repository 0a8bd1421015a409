package views

import "strings"

// Mail is a letter: the same words as a page and as plain text. It names no
// secret but the one-time link, when it has one.
type Mail struct {
	Subject string
	Preview string // what mail programs show beside the subject
	Title   string
	Text    string
	Facts   []Fact
	Action  string // what the link does, "" for a letter without
	Link    string
	Events  []Fact // what happened: when, and what
	After   string // below the link, "" for nothing
	Why     string // why the reader gets this

	Unsubscribe string // address by which the reader ends this kind of mail, "" for mail that everybody must get
}

// Fact is one line of a list of facts.
type Fact struct{ Label, Text string }

// Plain is the letter for mail programs that show no HTML.
func (m Mail) Plain() string {
	var b strings.Builder
	paragraph := func(text string) {
		if text != "" {
			b.WriteString(text + "\n\n")
		}
	}
	paragraph(m.Title)
	paragraph(m.Text)
	for _, f := range m.Facts {
		b.WriteString(f.Label + ": " + f.Text + "\n")
	}
	if len(m.Facts) > 0 {
		b.WriteString("\n")
	}
	for _, e := range m.Events {
		b.WriteString(e.Label + "\n  " + e.Text + "\n")
	}
	if len(m.Events) > 0 {
		b.WriteString("\n")
	}
	if m.Action != "" {
		paragraph(m.Action + ":\n" + m.Link)
	}
	paragraph(m.After)
	b.WriteString("-- \n" + m.Why + "\n")
	if m.Unsubscribe != "" {
		b.WriteString("To get no more of these: " + m.Unsubscribe + "\n")
	}
	return b.String()
}
