package models

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

var searchedAt = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)

// What an address says and what it is written as are the same.
func TestKeySearchComesBackFromItsAddress(t *testing.T) {
	day := func(n int) Date { return Date{2027, time.May, n} }
	tests := []struct {
		name   string
		search KeySearch
		want   string
	}{
		{"usual", KeySearch{Status: KeyUsable, Order: usualOrder}, ""},
		{"all", KeySearch{Order: usualOrder}, "status=all"},
		{"status", KeySearch{Status: KeyExpiresSoon, Order: usualOrder}, "status=expires-soon"},
		{"texts", KeySearch{Status: KeyUsable, Owner: "a&b", Purpose: "50% =", Kind: KindService, Order: usualOrder}, "kind=service&owner=a%26b&purpose=50%25+%3D"},
		{"ranges", KeySearch{Status: KeyUsable, Created: DateRange{From: day(1)}, Ends: DateRange{To: day(2)}, Used: DateRange{day(3), day(4)}, Order: usualOrder},
			"created-from=2027-05-01&ends-to=2027-05-02&used-from=2027-05-03&used-to=2027-05-04"},
		{"never used", KeySearch{Status: KeyUsable, NeverUsed: true, Order: usualOrder}, "used=never"},
		{"maximum", KeySearch{Status: KeyUsable, OverMaximum: true, Order: usualOrder}, "over=maximum"},
		{"days", KeySearch{Status: KeyUsable, OverDays: 30, Order: usualOrder}, "over=30"},
		{"order", KeySearch{Status: KeyUsable, Order: KeyOrder{SortOwner, true}}, "dir=desc&sort=owner"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.search.Values().Encode(); got != tt.want {
				t.Errorf("address = %q, want %q", got, tt.want)
			}
			values, err := url.ParseQuery(tt.want)
			if err != nil {
				t.Fatal(err)
			}
			got, problems := ParseKeySearch(values)
			if !reflect.DeepEqual(got, tt.search) || len(problems) > 0 {
				t.Errorf("read again: %+v, %v; want %+v", got, problems, tt.search)
			}
		})
	}
}

func TestKeySearchRefusesWhatItCannotRead(t *testing.T) {
	for query, field := range map[string]string{
		"status=lost": "Status", "kind=ghost": "Kind", "used=often": "Used", "over=-1": "Over", "over=1097": "Over", "over=0x10": "Over",
		"ends-from=tomorrow": "EndsFrom", "created-to=2027-02-30": "CreatedTo", "used-from=1969-12-31": "UsedFrom", "ends-to=9999-01-01": "EndsTo",
		"ends-from=2027-01-02&ends-to=2027-01-01": "EndsTo", "owner=%00": "Owner", "purpose=%ff": "Purpose", "purpose=" + strings.Repeat("x", 201): "Purpose",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := ParseKeySearch(values); len(problems) != 1 || problems[0].Field != field {
			t.Errorf("%s: problems = %v, want one with %s", query, problems, field)
		}
	}
}

// A day is a day of the reader, and a key counts to the last day it works on.
func TestKeySearchDaysAreTheReaders(t *testing.T) {
	santiago := ZoneOr("America/Santiago") // 2027-09-05 begins at 01:00
	day := Date{2027, time.September, 4}
	sel := KeySearch{Created: DateRange{day, day}, Ends: DateRange{day, day}}.Selection(searchedAt, santiago, 366)
	begin, end := time.Date(2027, 9, 4, 4, 0, 0, 0, time.UTC), time.Date(2027, 9, 5, 4, 0, 0, 0, time.UTC)
	tests := []struct {
		name          string
		created, ends time.Time
		want          bool
	}{
		{"in the middle", begin.Add(time.Hour), end.Add(-time.Hour), true},
		{"made at its beginning, ends with it", begin, end, true},
		{"made just before", begin.Add(-time.Microsecond), end, false},
		{"made when it was over", end, end, false},
		{"ended with the day before", begin, begin, false},
		{"ends just after", begin, end.Add(time.Microsecond), false},
	}
	for _, tt := range tests {
		if got := sel.Matches(OwnedKey{APIKey: APIKey{CreatedAt: tt.created, ExpiresAt: tt.ends}}); got != tt.want {
			t.Errorf("%s: chosen %t, want %t", tt.name, got, tt.want)
		}
	}
	apia := ZoneOr("Pacific/Apia") // had no 30 December 2011
	skipped := DateRange{Date{2011, time.December, 30}, Date{2011, time.December, 30}}
	if from, before := skipped.instants(apia); !from.Equal(before) {
		t.Errorf("a day that a zone skipped reaches from %s to %s", from, before)
	}
}

func TestSelectionComesBackFromItsForm(t *testing.T) {
	day := Date{2027, time.May, 1}
	s := KeySearch{Status: KeyUsable, Owner: "ä\"<", Kind: KindPerson, Purpose: "x", Created: DateRange{day, day}, Ends: DateRange{day, day}, Used: DateRange{day, day}, NeverUsed: true}
	want := s.Selection(searchedAt.Add(123456*time.Microsecond), ZoneOr("Asia/Kathmandu"), 366)
	got, ok := ParseKeySelection(want.String())
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("read again: %+v, %t; want %+v", got, ok, want)
	}
	for _, broken := range []string{"", "null", "{}", "[]", `{"At":"x"}`, want.String() + "{}", `{"At":"2026-11-23T10:30:00Z","Purpose":"a\u0000"}`, `{"At":"2026-11-23T10:30:00Z","EndsAfter":"0500-01-01T00:00:00Z"}`, strings.Repeat(" ", 9000) + want.String()} {
		if _, ok := ParseKeySelection(broken); ok {
			t.Errorf("%.60q was read", broken)
		}
	}
}

func TestKeyCursor(t *testing.T) {
	for _, order := range []KeyOrder{{SortExpires, false}, {SortCreated, true}, {SortPurpose, false}, {SortLastUsed, true}, {SortOwner, false}} {
		key := OwnedKey{APIKey: APIKey{ID: "apikeys-x", PurposeFold: strings.Repeat("ß", 200), CreatedAt: searchedAt, ExpiresAt: searchedAt.Add(day)}, Owner: User{UsernameFold: "maya"}}
		want := KeyCursor{Order: order, Place: order.Place(key), Before: true, Rows: 60}
		got, ok := ParseKeyCursor(want.String(), order)
		if !ok || got != want {
			t.Errorf("%+v: read again %+v, %t", order, got, ok)
		}
		if _, ok := ParseKeyCursor(want.String(), KeyOrder{order.By, !order.Descending}); ok {
			t.Errorf("%+v: a cursor of another order was taken", order)
		}
	}
}

// FuzzKeyCursor: whatever an address holds, a cursor that is taken is one that
// we wrote.
func FuzzKeyCursor(f *testing.F) {
	order := KeyOrder{SortExpires, false}
	f.Add(KeyCursor{Order: order, Place: KeyPlace{Micros: 1, ID: "apikeys-x"}}.String())
	f.Add("")
	f.Add("e30")
	f.Add("eyJvIjoiZXhwaXJlcyIsIm0iOi0xLCJpIjoiYSJ9")
	f.Add("eyJvIjoiZXhwaXJlcyIsImkiOiJcdTAwMDAifQ")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := ParseKeyCursor(s, order)
		if ok && (c.String() != s || c.Place.ID == "" || c.Place.Micros < 0 || c.Rows < 0 || !plainText(c.Place.ID) || c.Place.Text != "") {
			t.Errorf("%q was read as %+v", s, c)
		}
	})
}

// The weeks follow one another without gap or overlap, through every change of
// the clocks.
func TestWeeks(t *testing.T) {
	for _, zone := range []string{"UTC", "America/Santiago", "Europe/Stockholm", "Pacific/Kiritimati", "Asia/Kathmandu"} {
		location := ZoneOr(zone)
		for month := range 24 {
			now := searchedAt.AddDate(0, month, month)
			weeks := Weeks(now, location, TimelineWeeks)
			if len(weeks) != TimelineWeeks || !weeks[0].After.Equal(now) || weeks[0].From != DateIn(now, location) {
				t.Fatalf("%s: first week %+v", zone, weeks[0])
			}
			for i, w := range weeks {
				if w.To != w.From.AddDays(6) || !w.After.Before(w.Until) {
					t.Errorf("%s: week %d is %+v", zone, i, w)
				}
				if i > 0 && (!w.After.Equal(weeks[i-1].Until) || w.From != weeks[i-1].To.AddDays(1)) {
					t.Errorf("%s: week %d does not follow the one before", zone, i)
				}
				if end, _ := w.To.EndIn(location); !end.Equal(w.Until) {
					t.Errorf("%s: week %d ends %s, its last day %s", zone, i, w.Until, end)
				}
			}
		}
	}
}

func TestRevocationOutcomes(t *testing.T) {
	r := Revocation{Selection: KeySelection{At: searchedAt, Status: KeyUsable, NeverUsed: true}}
	before, key := searchedAt.Add(-time.Hour), OwnedKey{APIKey: APIKey{CreatedAt: searchedAt.Add(-day), ExpiresAt: searchedAt.Add(time.Hour)}}
	tests := []struct {
		name   string
		change func(*OwnedKey)
		after  time.Duration
		want   Outcome
	}{
		{"as it was", func(*OwnedKey) {}, time.Minute, OutcomeRevoked},
		{"expired meanwhile", func(*OwnedKey) {}, time.Hour, OutcomeEnded},
		{"revoked meanwhile", func(k *OwnedKey) { k.RevokedAt = &before }, 0, OutcomeEnded},
		{"used meanwhile", func(k *OwnedKey) { k.LastUsedAt = &before }, 0, OutcomeChanged},
	}
	for _, tt := range tests {
		k := key
		tt.change(&k)
		if got := r.OutcomeOf(k, searchedAt.Add(tt.after)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestMayAboutAllKeys(t *testing.T) {
	actor := func(p ...Permission) *Actor {
		return &Actor{Via: ViaSession, User: User{Permissions: PermissionsOf(p...)}}
	}
	tests := []struct {
		name        string
		actor       *Actor
		see, revoke Kind
	}{
		{"nobody", nil, Unauthenticated, Unauthenticated},
		{"person", actor(), Forbidden, Forbidden},
		{"auditor", actor(UserView), Internal, Forbidden},
		{"administrator of users", actor(UserView, UserEdit), Internal, Internal},
		{"administrator", actor(AdministerSystem), Internal, Internal},
		{"console", &Actor{Via: ViaConsole}, Internal, Internal},
	}
	for _, tt := range tests {
		if err := MaySeeAllKeys(tt.actor); KindOf(err) != tt.see || (err == nil) != (tt.see == Internal) {
			t.Errorf("%s may see: %v", tt.name, err)
		}
		if err := MayRevokeMany(tt.actor); KindOf(err) != tt.revoke || (err == nil) != (tt.revoke == Internal) {
			t.Errorf("%s may revoke: %v", tt.name, err)
		}
	}
}
