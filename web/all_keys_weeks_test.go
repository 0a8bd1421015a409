package web_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// weeksIn returns the sum of the figures of the weeks, and how many there are.
func weeksIn(t *testing.T, a webtest.Answer) (sum, weeks int) {
	t.Helper()
	a.Find(".timeline .mini tbody tr").Each(func(_ int, s *goquery.Selection) {
		n, err := strconv.Atoi(strings.ReplaceAll(s.Find("td").Last().Text(), ",", ""))
		if err != nil {
			t.Error(err)
		}
		sum += n
	})
	return sum, a.Find(".timeline .chart a").Length()
}

// Where there are many keys the list doesn't wait until those of each week are
// counted: htmx asks for them beside it, and without a script a link does. The
// figures are exact in both.
func TestWeeksOfManyKeysComeBesideTheList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.FillAllKeys(40_000)
		admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
		page := admin.Get(allKeys).Want(200)
		late := page.Find(".timeline")
		path := late.AttrOr("hx-get", "")
		if late.Find(".chart").Length() != 0 || late.AttrOr("hx-trigger", "") != "load" || path == "" || late.Find("a").AttrOr("href", "") != path {
			t.Fatalf("the timeline is not fetched beside the list and by a link from %q", path)
		}
		weeks := models.Weeks(f.Store.Now(), time.UTC, models.TimelineWeeks)
		ending, err := f.Store.KeysEnding(f.As(f.Admin), weeks)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, n := range ending {
			want += n
		}
		if want <= models.CountLimit {
			t.Fatalf("only %d keys end in these weeks", want)
		}
		for name, a := range map[string]webtest.Answer{"page": admin.Get(path).Want(200), "fragment": admin.HTMX("GET", path, nil).Want(200)} {
			if sum, n := weeksIn(t, a); sum != want || n != models.TimelineWeeks {
				t.Errorf("%s: %d keys in %d weeks, want %d in %d", name, sum, n, want, models.TimelineWeeks)
			}
			if got, want := a.Find("h1").Length() == 1, name == "page"; got != want {
				t.Errorf("%s: whole page %t, want %t", name, got, want)
			}
		}
	})
}
