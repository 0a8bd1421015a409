package models

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestDueNotice(t *testing.T) {
	end := time.Date(2027, 5, 22, 22, 0, 0, 0, time.UTC)
	before := func(days float64) time.Time { return end.Add(-time.Duration(days * float64(day))) }
	for _, c := range []struct {
		name    string
		created time.Time
		now     time.Time
		want    Category
		next    *time.Time
	}{
		{"20 days", before(90), before(20), APIKeyTwentyDayWarning, ptr(before(10))},
		{"a while later", before(90), before(15), APIKeyTwentyDayWarning, ptr(before(10))},
		{"10 days", before(90), before(10), APIKeyTenDayWarning, ptr(end)},
		{"two were missed", before(90), before(3), APIKeyTenDayWarning, ptr(end)},
		{"the end", before(90), end, APIKeyExpired, nil},
		{"all were missed", before(90), before(-1), APIKeyExpired, nil},
		{"a week ago", before(90), before(-7), APIKeyExpired, nil},
		{"more than a week ago", before(90), before(-7).Add(time.Microsecond), "", nil},
		{"made within the last twenty days", before(15), before(10), APIKeyTenDayWarning, ptr(end)},
		{"made within the last ten days", before(5), before(3), "", ptr(end)},
		{"made twenty days before", before(20), before(12), "", ptr(before(10))},
	} {
		category, next := DueNotice(c.created, end, c.now)
		if category != c.want || (next == nil) != (c.next == nil) || next != nil && !next.Equal(*c.next) {
			t.Errorf("%s: got %q and %v, want %q and %v", c.name, category, next, c.want, c.next)
		}
	}
}

func ptr(t time.Time) *time.Time { return &t }

func TestNextNoticeOfNewKeys(t *testing.T) {
	made := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for days, want := range map[int]int{180: 160, 21: 1, 20: 10, 15: 5, 10: 10, 1: 1} {
		if got := NextNotice(made.Add(time.Duration(days)*day), made); got == nil || !got.Equal(made.Add(time.Duration(want)*day)) {
			t.Errorf("a key for %d days is noticed at %v, want after %d days", days, got, want)
		}
	}
}

// However often and however irregularly somebody looks, each key is told of each
// threshold at most once, of the end always, and never of the past.
func TestNoticesOfAnyLife(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	start := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for range 10_000 {
		end := start.Add(time.Duration(1+random.IntN(400*24)) * time.Hour)
		told, last := map[Category]int{}, Category("")
		at := NextNotice(end, start)
		for now := start; at != nil; now = now.Add(time.Duration(1+random.IntN(6*24)) * time.Hour) {
			if at.After(now) {
				continue
			}
			category, next := DueNotice(start, end, now)
			if category != last {
				told[category]++
			}
			at, last = next, category
		}
		life := end.Sub(start)
		if told[APIKeyExpired] != 1 || told[APIKeyTenDayWarning] > 1 || told[APIKeyTwentyDayWarning] > 1 ||
			life <= UrgentDays*day && told[APIKeyTenDayWarning] > 0 || life <= WarningDays*day && told[APIKeyTwentyDayWarning] > 0 {
			t.Fatalf("a key for %v was told of %v", life, told)
		}
	}
}
