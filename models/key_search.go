package models

import (
	"net/url"
	"strconv"
	"time"
)

// DateRange is a span of days, both included. A zero date leaves that side open.
type DateRange struct{ From, To Date }

// KeySearch is a wish to see keys of all users, as an address or a form writes
// it: in words and days. Selection makes the exact choice of it.
type KeySearch struct {
	Status      KeyStatus // "" for all
	Owner       string    // part of a user name, display name or e-mail address, or a user id
	Kind        UserKind  // "" for both
	Purpose     string    // part of the purpose
	Created     DateRange
	Ends        DateRange
	Used        DateRange
	NeverUsed   bool
	OverMaximum bool // ends later than a key made today could
	OverDays    int  // ends more than so many days from today, 0 for no such wish
	Order       KeyOrder
}

// Names of the members of an address.
const (
	ParamStatus, ParamOwner, ParamKind, ParamPurpose = "status", "owner", "kind", "purpose"
	ParamCreated, ParamEnds, ParamUsed, ParamOver    = "created", "ends", "used", "over"
	ParamFrom, ParamTo                               = "-from", "-to" // behind the name of a range
	ParamSort, ParamDirection                        = "sort", "dir"
)

// Values of members that are not typed.
const (
	everyStatus = "all"
	neverUsed   = "never"
	overMaximum = "maximum"
	descending  = "desc"
)

// MaxOwnerSearch is the longest text that an owner is looked for by.
const MaxOwnerSearch = MaxEmail

// The years of dates that are looked for: nothing here is older, and the end of
// the last day must have a year of four digits.
const (
	oldestYear = 1970
	latestYear = 9998
)

// ParseKeySearch reads an address. What it can't read is a problem and never
// ignored: a filter that is silently left out chooses more keys than somebody
// meant, and keys that are chosen may be revoked. Only the order, which chooses
// nothing, falls back to the usual one.
func ParseKeySearch(v url.Values) (KeySearch, []Problem) {
	r := searchReader{values: v}
	s := KeySearch{
		Status: r.status(), Kind: r.kind(),
		Owner:   r.text(ParamOwner, "Owner", "The owner", MaxOwnerSearch),
		Purpose: r.text(ParamPurpose, "Purpose", "The purpose", MaxPurpose),
		Created: r.dates(ParamCreated, "Created"), Ends: r.dates(ParamEnds, "Ends"), Used: r.dates(ParamUsed, "Used"),
		Order: ParseKeyOrder(v.Get(ParamSort), v.Get(ParamDirection)),
	}
	s.NeverUsed = r.flag(ParamUsed, neverUsed, "Used")
	s.OverMaximum, s.OverDays = r.over()
	return s, r.problems
}

// searchReader gathers what is wrong with an address while it is read.
type searchReader struct {
	values   url.Values
	problems []Problem
}

func (r *searchReader) problem(field, message string) {
	r.problems = append(r.problems, Problem{field, message})
}

// status is usable keys unless the address says otherwise.
func (r *searchReader) status() KeyStatus {
	switch status := r.values.Get(ParamStatus); KeyStatus(status) {
	case "", KeyUsable:
		return KeyUsable
	case everyStatus:
		return ""
	case KeyExpiresSoon, KeyExpired, KeyRevoked:
		return KeyStatus(status)
	}
	r.problem("Status", "This status is not known. Choose usable, expires soon, expired, revoked or all.")
	return KeyUsable
}

func (r *searchReader) kind() UserKind {
	switch kind := UserKind(r.values.Get(ParamKind)); kind {
	case "", KindPerson, KindService:
		return kind
	}
	r.problem("Kind", "This kind of owner is not known. Choose people or service accounts.")
	return ""
}

func (r *searchReader) text(name, field, label string, limit int) string {
	clean, problem := CleanText(r.values.Get(name), label, limit)
	if problem != "" {
		r.problem(field, problem)
	}
	return clean
}

func (r *searchReader) dates(name, field string) DateRange {
	d := DateRange{r.date(name+ParamFrom, field+"From"), r.date(name+ParamTo, field+"To")}
	if none := (Date{}); d.From != none && d.To != none && d.To.Before(d.From) {
		r.problem(field+"To", "The last day lies before the first one.")
	}
	return d
}

func (r *searchReader) date(name, field string) Date {
	typed := r.values.Get(name)
	if typed == "" {
		return Date{}
	}
	d, err := ParseDate(typed)
	if err != nil || d.Year < oldestYear || d.Year > latestYear {
		r.problem(field, "Enter a day of the years 1970 to 9998, in the form 2027-05-22.")
		return Date{}
	}
	return d
}

func (r *searchReader) flag(name, on, field string) bool {
	switch r.values.Get(name) {
	case "":
		return false
	case on:
		return true
	}
	r.problem(field, "This choice is not known. Choose again.")
	return false
}

func (r *searchReader) over() (maximum bool, days int) {
	switch typed := r.values.Get(ParamOver); typed {
	case "":
		return false, 0
	case overMaximum:
		return true, 0
	default:
		if days = ParseDays(typed); days < 1 || days > CeilingDays {
			r.problem("Over", "Enter a number of days from 1 to "+strconv.Itoa(CeilingDays)+".")
			return false, 0
		}
		return false, days
	}
}

// Values writes the search as ParseKeySearch reads it, without what is usual.
func (s KeySearch) Values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	switch s.Status {
	case KeyUsable:
	case "":
		set(ParamStatus, everyStatus)
	default:
		set(ParamStatus, string(s.Status))
	}
	set(ParamOwner, s.Owner)
	set(ParamKind, string(s.Kind))
	set(ParamPurpose, s.Purpose)
	for name, days := range map[string]DateRange{ParamCreated: s.Created, ParamEnds: s.Ends, ParamUsed: s.Used} {
		set(name+ParamFrom, days.From.typed())
		set(name+ParamTo, days.To.typed())
	}
	if s.NeverUsed {
		set(ParamUsed, neverUsed)
	}
	switch {
	case s.OverMaximum:
		set(ParamOver, overMaximum)
	case s.OverDays > 0:
		set(ParamOver, strconv.Itoa(s.OverDays))
	}
	s.Order.write(v)
	return v
}

// typed is what a date input holds, "" for no date.
func (d Date) typed() string {
	if d == (Date{}) {
		return ""
	}
	return d.String()
}

// Selection makes the exact choice: days become instants in the reader's zone,
// and what is relative is fixed at now. A key counts to the last day on which it
// works, which is the day that pages show.
func (s KeySearch) Selection(now time.Time, zone *time.Location, maximumDays int) KeySelection {
	c := KeySelection{At: now, Status: s.Status, Owner: s.Owner, Kind: s.Kind, Purpose: s.Purpose, NeverUsed: s.NeverUsed}
	c.CreatedFrom, c.CreatedBefore = s.Created.instants(zone)
	c.EndsAfter, c.EndsUntil = s.Ends.instants(zone)
	c.UsedFrom, c.UsedBefore = s.Used.instants(zone)
	days := s.OverDays
	if s.OverMaximum {
		days = maximumDays
	}
	if days > 0 {
		if limit := DateIn(now, zone).AddDays(days).lastInstant(zone); limit.After(c.EndsAfter) {
			c.EndsAfter = limit
		}
	}
	return c
}

// instants are the first one of a range and the first one after it; zero where
// the range is open.
func (r DateRange) instants(zone *time.Location) (from, before time.Time) {
	if r.From != (Date{}) {
		from = r.From.AddDays(-1).lastInstant(zone)
	}
	if r.To != (Date{}) {
		before = r.To.lastInstant(zone)
	}
	return from, before
}

// lastInstant is where the day ends in a zone; where the zone skipped the day,
// the end of the one before it.
func (d Date) lastInstant(zone *time.Location) time.Time {
	for {
		if end, exists := d.EndIn(zone); exists {
			return end
		}
		d = d.AddDays(-1)
	}
}
