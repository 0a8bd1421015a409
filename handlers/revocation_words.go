package handlers

import (
	"net/url"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// describeSelection says by what keys are chosen, from the address of their
// list.
func describeSelection(query string) []views.Fact {
	s, ok := searchOf(query)
	if !ok {
		return nil
	}
	var facts []views.Fact
	add := func(label, text string) {
		if text != "" {
			facts = append(facts, views.Fact{Label: label, Text: text})
		}
	}
	if s.Status == models.KeyExpiresSoon {
		add("Status", "Expires soon")
	}
	add("Owner", s.Owner)
	add("Owners", map[models.UserKind]string{models.KindPerson: "People", models.KindService: "Service accounts"}[s.Kind])
	add("Purpose", s.Purpose)
	add("Created", daysInWords(s.Created))
	add("Expires", daysInWords(s.Ends))
	add("Last used", daysInWords(s.Used))
	if s.NeverUsed {
		add("Last used", "Never")
	}
	switch {
	case s.OverMaximum:
		add("Limit", "Beyond the maximum")
	case s.OverDays > 0:
		add("Limit", "More than "+count(s.OverDays, "day")+" from today")
	}
	if len(facts) == 0 {
		add("Chosen", "Every live key")
	}
	return facts
}

// searchOf reads the address of a list.
func searchOf(query string) (models.KeySearch, bool) {
	v, err := url.ParseQuery(query)
	if err != nil {
		return models.KeySearch{}, false
	}
	s, problems := models.ParseKeySearch(v)
	return s, len(problems) == 0
}

func daysInWords(r models.DateRange) string {
	none := models.Date{}
	switch {
	case r.From == none && r.To == none:
		return ""
	case r.From == none:
		return "Until " + r.To.Words()
	case r.To == none:
		return "From " + r.From.Words()
	}
	return r.From.Words() + " to " + r.To.Words()
}
