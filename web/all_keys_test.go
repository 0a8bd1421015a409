package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

const allKeys = "/configuration/apikeys"

// purposesOf lists what the rows of the page are for.
func purposesOf(a webtest.Answer) []string {
	var list []string
	a.Find("#all-keys tbody .cell-main .title bdi").Each(func(_ int, s *goquery.Selection) { list = append(list, s.Text()) })
	return list
}

// ends makes a key that works for a number of days.
func ends(f *storetest.Fixture, u models.User, purpose string, days int) models.APIKey {
	key, _ := f.Issue(u, models.NewKey{Purpose: purpose, Expires: models.ExpiresAt(f.Clock.Now().Add(time.Duration(days) * 24 * time.Hour))})
	return key
}

func TestAllKeysFiltersCombine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		ends(f, f.Alice, "Deploy gate", 5)
		ends(f, f.Bob, "Nightly report", 100)
		ends(f, f.Robot, "Deploy agent", 200)
		gone := ends(f, f.Alice, "Deploy, given up", 30)
		if _, err := f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, gone.ID); err != nil {
			t.Fatal(err)
		}
		admin := browserOf(f, site, f.Admin)
		tests := []struct{ name, query, want string }{
			{"usual", "", "Deploy gate|Nightly report|Deploy agent"},
			{"all", "status=all", "Deploy gate|Deploy, given up|Nightly report|Deploy agent"},
			{"soon", "status=expires-soon", "Deploy gate"},
			{"revoked", "status=revoked", "Deploy, given up"},
			{"expired", "status=expired", ""},
			{"purpose", "purpose=DEPLOY", "Deploy gate|Deploy agent"},
			{"purpose and kind", "purpose=deploy&kind=service", "Deploy agent"},
			{"people", "kind=person", "Deploy gate|Nightly report"},
			{"owner", "owner=bob", "Nightly report"},
			{"owner by e-mail", "owner=ALICE@example", "Deploy gate"},
			{"owner by id", "owner=" + f.Robot.PublicID(), "Deploy agent"},
			{"ends", "ends-from=2027-01-01&ends-to=2027-03-31", "Nightly report"},
			{"created", "created-to=2026-11-22", ""},
			{"created today", "created-from=2026-11-23", "Deploy gate|Nightly report|Deploy agent"},
			{"never used", "used=never&owner=alice", "Deploy gate"},
			{"used", "used-from=2026-01-01", ""},
			{"over 150 days", "over=150", "Deploy agent"},
			{"over the maximum", "over=maximum", ""},
			{"by purpose, downwards", "sort=purpose&dir=desc", "Nightly report|Deploy gate|Deploy agent"},
			{"by owner", "sort=owner", "Deploy gate|Nightly report|Deploy agent"},
			{"unknown order", "sort=colour", "Deploy gate|Nightly report|Deploy agent"},
			{"cursor of nothing", "at=nonsense", "Deploy gate|Nightly report|Deploy agent"},
		}
		for _, test := range tests {
			page := admin.Get(allKeys + "?" + test.query).Want(200)
			if got := strings.Join(purposesOf(page), "|"); got != test.want {
				t.Errorf("%s: %q, want %q", test.name, got, test.want)
			}
			found := len(strings.FieldsFunc(test.want, func(r rune) bool { return r == '|' }))
			if want := fmt.Sprintf("%d key", found); !strings.HasPrefix(strings.TrimSpace(page.Find("#all-keys [role=status]").Text()), want) {
				t.Errorf("%s: the page says %q", test.name, page.Find("#all-keys [role=status]").Text())
			}
		}
	})
}

// A filter that can't be read is said so, and never left out: neither in the
// list, nor in the export, nor before keys are revoked.
func TestAllKeysRefusesFiltersItCannotRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		ends(f, f.Alice, "Deploy gate", 5)
		admin := browserOf(f, site, f.Admin)
		tests := []struct{ name, query, field string }{
			{"status", "status=lost", "status"}, {"kind", "kind=ghost", "kind"}, {"used", "used=often", "used"}, {"over", "over=many", "over"},
			{"over zero", "over=0", "over"}, {"over the ceiling", "over=1097", "over"}, {"wraps around", "over=18446744073709551617", "over"},
			{"no such day", "ends-to=2027-02-30", "ends-to"}, {"another form", "created-from=22/05/2027", "created-from"}, {"year 0", "used-from=0000-01-01", "used-from"},
			{"far future", "ends-to=9999-12-31", "ends-to"}, {"backwards", "ends-from=2027-05-02&ends-to=2027-05-01", "ends-to"},
			{"NUL", "purpose=a%00b", "purpose"}, {"not UTF-8", "owner=%ff", "owner"}, {"long", "purpose=" + strings.Repeat("x", 201), "purpose"},
		}
		for _, test := range tests {
			page := admin.Get(allKeys + "?" + test.query).Want(422)
			if len(purposesOf(page)) != 0 || page.Find("[role=alert] a[href='#"+test.field+"']").Length() == 0 || page.Find("#"+test.field+"-error").Text() == "" {
				t.Errorf("%s: %d rows; want none, and a message beside %s", test.name, len(purposesOf(page)), test.field)
			}
			admin.Get(allKeys + "/export?" + test.query).Want(422)
			admin.Get(allKeys + "/revocation?" + test.query).Want(422)
			admin.HTMX(http.MethodGet, allKeys+"?"+test.query, nil).Want(422)
		}
	})
}

// Pages are turned by cursors, with and without htmx, and each key comes once.
func TestAllKeysPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for i := range 70 {
			ends(f, f.Bob, fmt.Sprintf("Worker %02d", i), 10+i/7)
		}
		admin := browserOf(f, site, f.Admin)
		for name, get := range map[string]func(string) webtest.Answer{
			"plain": admin.Get, "htmx": func(path string) webtest.Answer { return admin.HTMX(http.MethodGet, path, nil) },
		} {
			seen, texts, path := map[string]bool{}, []string{}, allKeys+"?sort=created&dir=desc&purpose=worker"
			for path != "" {
				page := get(path).Want(200)
				for _, purpose := range purposesIn(page) {
					seen[purpose] = true
				}
				texts = append(texts, page.Find(".pager > span").Text())
				path, _ = page.Find("a[rel=next]").Attr("href")
			}
			if want := []string{"1 to 30 of 70", "31 to 60 of 70", "61 to 70 of 70"}; len(seen) != 70 || !slices.Equal(texts, want) {
				t.Errorf("%s: %d keys on the pages %v, want 70 on %v", name, len(seen), texts, want)
			}
		}
		middle, _ := admin.Get(allKeys + "?purpose=worker").Find("a[rel=next]").Attr("href")
		back, _ := admin.Get(middle).Find("a[rel=prev]").Attr("href")
		if got := purposesOf(admin.Get(back).Want(200)); len(got) != 30 || got[0] != purposesOf(admin.Get(allKeys + "?purpose=worker"))[0] {
			t.Errorf("the way back leads to %v", got)
		}
	})
}

// purposesIn reads a page or the fragment of one.
func purposesIn(a webtest.Answer) []string {
	var list []string
	a.Find("tbody .cell-main .title bdi").Each(func(_ int, s *goquery.Selection) { list = append(list, s.Text()) })
	return list
}

// Each tile and each week says how many keys its link leads to.
func TestFiguresLeadToTheirKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for days := range 60 {
			ends(f, f.Alice, "Key", 1+days*5)
		}
		settings, err := f.Store.AuthSettings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		settings.APIKeyMaximumDays = 190
		if _, err := f.Store.SaveAuthSettings(storetest.Console(), settings); err != nil {
			t.Fatal(err)
		}
		admin := browserOf(f, site, f.Admin)
		admin.SetCookie("keyport_zone", url.QueryEscape("Pacific/Kiritimati"))
		page := admin.Get(allKeys).Want(200)
		led := 0
		page.Find(".tile").Each(func(_ int, s *goquery.Selection) {
			led += followFigure(t, admin, s.AttrOr("href", ""), s.Find("b").Text())
		})
		page.Find(".mini tbody tr").Each(func(i int, s *goquery.Selection) {
			href := s.Find("a").AttrOr("href", "")
			if bar := page.Find(".chart a").Eq(i).AttrOr("href", ""); bar != href {
				t.Errorf("week %d: the bar leads to %q, the table to %q", i, bar, href)
			}
			led += followFigure(t, admin, href, s.Find("td").Last().Text())
		})
		if page.Find(".tile").Length() != 4 || page.Find(".chart a").Length() != models.TimelineWeeks || led < 100 {
			t.Errorf("%d tiles, %d bars, %d keys behind them", page.Find(".tile").Length(), page.Find(".chart a").Length(), led)
		}
	})
}

func followFigure(t *testing.T, c *webtest.Client, href, figure string) int {
	t.Helper()
	var n int
	if text := c.Get(href).Want(200).Find("#all-keys [role=status]").Text(); !strings.HasPrefix(strings.TrimSpace(text), figure+" key") {
		t.Errorf("%s says %q, its link %q", href, figure, text)
	}
	fmt.Sscan(figure, &n)
	return n
}

// The impact line of the settings leads to exactly the keys that it counts.
func TestImpactLineLeadsToItsKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		ends(f, f.Alice, "Short", 29)
		ends(f, f.Alice, "Long", 40)
		ends(f, f.Bob, "Longer", 300)
		admin := browserOf(f, site, f.Admin)
		line := admin.HTMX(http.MethodGet, "/configuration/settings/authentication/impact?maximum=30", nil).Want(200)
		if !strings.Contains(line.Body, "2 existing keys") {
			t.Fatalf("the line says %q", line.Body)
		}
		href := line.Find("a").AttrOr("href", "")
		if got := purposesOf(admin.Get(href).Want(200)); !slices.Equal(got, []string{"Long", "Longer"}) {
			t.Errorf("%s leads to %v", href, got)
		}
	})
}

// The file holds what the list's filters choose, in its order, and nothing that
// a spreadsheet would run.
func TestExport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		wicked := []string{`=HYPERLINK("http://192.0.2.1","x")`, "+1", "-1", "@SUM(1)", "\uff1d1", ` "=1`, "a;=1", `quote " and, comma`, "Ärger 😀"}
		for _, purpose := range wicked {
			ends(f, f.Alice, purpose, 50)
		}
		for i := range 1100 { // more than is read at once
			f.Exec("INSERT INTO api_keys (id, user_id, purpose, purpose_fold, prefix, pepper_id, digest, seal, created_at, expires_at) SELECT ?, user_id, ?, ?, prefix, ?, digest, seal, created_at, expires_at FROM api_keys WHERE purpose = '+1'",
				fmt.Sprint("apikeys-", i), fmt.Sprint("Worker ", i), fmt.Sprint("worker ", i), i+2)
		}
		ends(f, f.Bob, "Not chosen", 50)
		admin := browserOf(f, site, f.Admin)
		file := admin.Get(allKeys + "/export?owner=alice&sort=purpose").Want(200)
		if got := file.Header.Get("Content-Disposition"); got != `attachment; filename="api-keys-2026-11-23.csv"` || !strings.HasPrefix(file.Header.Get("Content-Type"), "text/csv") {
			t.Errorf("headers: %q, %q", got, file.Header.Get("Content-Type"))
		}
		records, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(records) != 1+1100+len(wicked) || records[0][1] != "Purpose" {
			t.Fatalf("%d records, want %d: %v", len(records), 1+1100+len(wicked), records[0])
		}
		for _, r := range records[1:] {
			if r[4] != "alice" || r[3] != "Usable" || strings.ContainsAny(r[1][:1], "=+-@") {
				t.Errorf("record %v", r)
			}
		}
		if strings.Contains(file.Body, "Not chosen") || strings.Contains(file.Body, ";=") {
			t.Error("the file holds what was not chosen, or a formula behind another separator")
		}
		if !slices.IsSortedFunc(records[1:], func(a, b []string) int {
			return strings.Compare(strings.ToLower(strings.ReplaceAll(a[1], "'", "")), strings.ToLower(strings.ReplaceAll(b[1], "'", "")))
		}) {
			t.Error("the file is not in the order of the list")
		}
		empty := admin.Get(allKeys + "/export?purpose=nothing").Want(200)
		if got := strings.Count(empty.Body, "\r\n"); got != 1 {
			t.Errorf("an empty file has %d lines, want the head", got)
		}
	})
}
