package views

import (
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// The bars stand side by side inside the drawing, as tall as their figures say,
// and the table beside them says and leads to the same.
func TestTimelineDrawsItsFigures(t *testing.T) {
	weeks := everybodysKeys().Timeline.Bars
	doc := parsed(t, timeline(Timeline{Bars: weeks}))
	number := func(s *goquery.Selection, name string) float64 {
		value, err := strconv.ParseFloat(strings.TrimSuffix(s.AttrOr(name, "?"), "%"), 64)
		if err != nil {
			t.Fatalf("%s of %s: %v", name, outline(s), err)
		}
		return value
	}
	tallest, end := 0.0, 0.0
	doc.Find(".chart a").Each(func(i int, a *goquery.Selection) {
		bar := a.Find("rect").Last()
		x, width, y, height := number(bar, "x"), number(bar, "width"), number(bar, "y"), number(bar, "height")
		if x < end || x+width > 100 || y < 0 || y+height != chartHeight || (height == 0) != (weeks[i].Keys == 0) {
			t.Errorf("week %d with %d keys is drawn at %g, %g wide, from %g down %g", i, weeks[i].Keys, x, width, y, height)
		}
		end, tallest = x+width, max(tallest, height)
		row := doc.Find(".mini tbody tr").Eq(i)
		if got := row.Find("a").AttrOr("href", ""); got != a.AttrOr("href", "?") {
			t.Errorf("week %d: the table leads to %q", i, got)
		}
		if got, want := row.Find("td").Last().Text(), strconv.Itoa(weeks[i].Keys); got != want || !strings.HasSuffix(a.Find("title").Text(), keysWord(weeks[i].Keys)) {
			t.Errorf("week %d: the table says %s, the bar %q, want %s", i, got, a.Find("title").Text(), want)
		}
	})
	if doc.Find(".chart a").Length() != len(weeks) || tallest != tallestBar {
		t.Errorf("%d bars, the tallest %g", doc.Find(".chart a").Length(), tallest)
	}
	if doc.Find("svg.chart[aria-hidden=true] a:not([tabindex='-1'])").Length() != 0 {
		t.Error("the keyboard reaches what is hidden from people who listen")
	}
}

func TestAcross(t *testing.T) {
	for _, tt := range []struct {
		weeks, hundredths, all int
		want                   string
	}{{0, 0, 26, "0.00%"}, {1, 0, 26, "3.84%"}, {25, 16, 26, "96.76%"}, {26, 0, 26, "100.00%"}, {1, -32, 26, "2.61%"}} {
		if got := across(tt.weeks, tt.hundredths, tt.all); got != tt.want {
			t.Errorf("across(%d, %d, %d) = %s, want %s", tt.weeks, tt.hundredths, tt.all, got, tt.want)
		}
	}
}
