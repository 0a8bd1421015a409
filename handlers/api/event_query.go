package api

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// eventParameters are the parameters of the list of events, by Octopus's names;
// lists have commas.
var eventParameters = []string{"regarding", "regardingAny", "user", "users", "projects", "projectGroups", "environments", "eventGroups", "eventCategories", "eventAgents",
	"tags", "tenants", "from", "to", "fromAutoId", "toAutoId", "documentTypes", "ids", "spaces", "includeSystem", "internal", "includeInternalEvents", "excludeDifference", "asCsv"}

// absentHere are the parameters about what Keyport does not have: whoever names
// one of these documents asks for events that there are none of.
var absentHere = []string{"projects", "projectGroups", "environments", "tags", "tenants"}

// switches are the parameters that are true or false.
var switches = []string{"excludeDifference", "asCsv"}

// readEventQuery reads which events to list, and the parameters that the pages
// of the list repeat.
func readEventQuery(c echo.Context) (models.EventQuery, url.Values, error) {
	sent, repeated := parameters(c), url.Values{}
	for _, name := range eventParameters {
		if value := sent.Get(strings.ToLower(name)); value != "" {
			repeated.Set(name, value)
		}
	}
	for _, name := range switches {
		if repeated.Has(name) {
			repeated.Set(name, strconv.FormatBool(isTrue(repeated.Get(name))))
		}
	}
	q := models.EventQuery{ByID: repeated.Has("ids"), Regarding: split(repeated.Get("regarding")), RegardingAny: split(repeated.Get("regardingAny")),
		DocumentTypes: split(repeated.Get("documentTypes")), Agents: split(repeated.Get("eventAgents"))}
	q.IDs = idList(repeated.Get("ids"), parseEventID)
	for _, name := range absentHere {
		q.Nothing = q.Nothing || repeated.Has(name)
	}
	chooseActors(&q, repeated)
	chooseCategories(&q, repeated)
	return q, repeated, readRange(&q, repeated)
}

func split(list string) []string {
	var parts []string
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" && len(parts) < models.MaxTake {
			parts = append(parts, part)
		}
	}
	return parts
}

// chooseActors reads who acted. Somebody whom nobody knows did nothing.
func chooseActors(q *models.EventQuery, sent url.Values) {
	for _, name := range []string{"user", "users"} {
		if sent.Has(name) {
			q.UserIDs = append(q.UserIDs, idList(sent.Get(name), models.ParseUserID)...)
			q.Nothing = q.Nothing || len(q.UserIDs) == 0
		}
	}
}

// chooseCategories reads the kinds of events: those of the groups and those that
// are named, together.
func chooseCategories(q *models.EventQuery, sent url.Values) {
	for _, name := range split(sent.Get("eventCategories")) {
		q.Categories = append(q.Categories, models.Category(name))
	}
	q.Categories = append(q.Categories, models.CategoriesOf(split(sent.Get("eventGroups")))...)
	q.Nothing = q.Nothing || len(q.Categories) == 0 && (sent.Has("eventGroups") || sent.Has("eventCategories"))
}

func readRange(q *models.EventQuery, sent url.Values) error {
	var problems []models.Problem
	instant := func(name string, into *time.Time) {
		if text := sent.Get(name); text != "" {
			at, err := readMoment(text)
			if err != nil {
				problems = append(problems, models.Problem{Field: name, Message: "Give " + name + " as a date, or a date and time with offset, like 2026-11-23 or 2026-11-23T18:00:00+01:00."})
			}
			*into = at
		}
	}
	number := func(name string, into *int64) {
		if text := sent.Get(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				problems = append(problems, models.Problem{Field: name, Message: "Give " + name + " as a whole number."})
			}
			*into = n
		}
	}
	instant("from", &q.From)
	instant("to", &q.To)
	number("fromAutoId", &q.FromID)
	number("toAutoId", &q.ToID)
	if err := models.InvalidInput(problems); err != nil {
		return err
	}
	return nil
}

// readMoment reads a time as Octopus's clients write it in a query: with offset,
// and with a blank where the plus sign was not encoded; or a day, in UTC.
func readMoment(text string) (time.Time, error) {
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, nil
	}
	if at, err := time.Parse("2006-01-02T15:04:05", text); err == nil {
		return at, nil
	}
	return models.ParseInstant(strings.Replace(text, " ", "+", 1))
}
