package handlers

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

func TestBoundedNumbers(t *testing.T) {
	for n, want := range map[models.Bounded]string{{N: 0}: "0 keys", {N: 1}: "1 key", {N: 1, More: true}: "1+ keys", {N: 10000}: "10,000 keys", {N: 10000, More: true}: "10,000+ keys"} {
		if got := found(n); got != want {
			t.Errorf("found(%+v) = %q, want %q", n, got, want)
		}
	}
}

// A week is as urgent as the last of its days, and names the month that begins
// in it.
func TestTimelineTones(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)
	weeks := models.Weeks(now, time.UTC, 5)
	shown := timeline(weeks, []int{3, 0, 5, 1, 0}, models.DateIn(now, time.UTC))
	bars, text := shown.Bars, shown.Text
	want := []views.Tone{views.ToneBad, views.ToneWarn, views.ToneWarn, views.ToneNone, views.ToneNone}
	for i, bar := range bars {
		if bar.Tone != want[i] {
			t.Errorf("week %d from %s: tone %q, want %q", i, bar.From.Text, bar.Tone, want[i])
		}
	}
	if bars[0].Month != "" || bars[1].Month != "Dec" || bars[2].Month != "" {
		t.Errorf("months %q, %q, %q, want Dec in the second week alone", bars[0].Month, bars[1].Month, bars[2].Month)
	}
	if want := "9 live keys end in the next 5 weeks. The busiest are the seven days from 7 Dec 2026, with 5."; text != want {
		t.Errorf("text = %q, want %q", text, want)
	}
	if text := timeline(weeks, make([]int, 5), models.DateIn(now, time.UTC)).Text; text != "No live key ends in the next 5 weeks." {
		t.Errorf("empty: %q", text)
	}
}

func TestSelectionInWords(t *testing.T) {
	for query, want := range map[string]string{
		"":                        "Every live key",
		"status=expires-soon":     "Expires soon",
		"owner=maya":              "maya",
		"kind=service":            "Service accounts",
		"created-from=2026-01-02": "From 2 Jan 2026",
		"ends-to=2026-01-02":      "Until 2 Jan 2026",
		"used-from=2026-01-02&used-to=2026-01-03": "2 Jan 2026 to 3 Jan 2026",
		"used=never":   "Never",
		"over=maximum": "Beyond the maximum",
		"over=30":      "More than 30 days from today",
	} {
		facts := describeSelection(query)
		if len(facts) != 1 || facts[0].Text != want {
			t.Errorf("%q: %v, want %q", query, facts, want)
		}
	}
	for _, broken := range []string{"%zz", "status=lost"} {
		if facts := describeSelection(broken); facts != nil {
			t.Errorf("%q: %v, want nothing", broken, facts)
		}
	}
}
