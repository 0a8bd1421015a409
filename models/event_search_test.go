package models

import (
	"net/url"
	"reflect"
	"testing"
	"time"
)

// What an address says comes back as the same address, and a day is the reader's.
func TestEventSearchKeepsItsAddress(t *testing.T) {
	const address = "category=Deleted&document=Users-3&group=Document&key=apikeys-x&on-from=2026-11-01&on-to=2026-11-23&type=Users&who=maya"
	v, err := url.ParseQuery(address)
	if err != nil {
		t.Fatal(err)
	}
	s, problems := ParseEventSearch(v)
	if len(problems) > 0 || s.Values().Encode() != address {
		t.Errorf("%s, problems %v, want %s", s.Values().Encode(), problems, address)
	}
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	want := EventQuery{Person: "maya", APIKeyID: "apikeys-x", Regarding: []string{"Users-3"}, DocumentTypes: []string{"Users"}, Categories: []Category{Deleted},
		From: time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 23, 22, 59, 59, 999999000, time.UTC)}
	if got := s.Query(stockholm); !got.From.Equal(want.From) || !got.To.Equal(want.To) {
		t.Errorf("from %v to %v, want %v to %v", got.From, got.To, want.From, want.To)
	} else if got.From, got.To = want.From, want.To; !reflect.DeepEqual(got, want) {
		t.Errorf("query = %+v, want %+v", got, want)
	}
}

func TestEventSearchRefusesWhatItCannotRead(t *testing.T) {
	for address, field := range map[string]string{
		"group=Lost": "Group", "category=created": "Category", "type=Machines": "DocumentType", "who=%00": "Person", "document=%0A%0A": "", "document=%FF": "Document",
		"on-from=2026-02-30": "OnFrom", "on-to=9999-01-01": "OnTo", "on-from=2026-02-02&on-to=2026-02-01": "OnTo",
	} {
		v, err := url.ParseQuery(address)
		if err != nil {
			t.Fatal(err)
		}
		_, problems := ParseEventSearch(v)
		switch {
		case field == "" && len(problems) > 0, field != "" && (len(problems) != 1 || problems[0].Field != field):
			t.Errorf("%s: problems %v, want one of %q", address, problems, field)
		}
	}
}
