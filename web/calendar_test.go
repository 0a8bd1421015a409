package web_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// makeFeed makes an address on the page, and returns the path of it.
func makeFeed(t *testing.T, client *webtest.Client, owner string) string {
	t.Helper()
	page := client.Get("/account/calendar").Want(200)
	row := page.Find("form[action='/account/calendar']:has(input[name=owner][value='" + owner + "'])")
	feed, _ := row.Find("input[name=feed]").Attr("value")
	made := client.Form("/account/calendar", url.Values{"owner": {owner}, "feed": {feed}}).Want(200)
	address := made.Find("#address").Text()
	_, path, found := strings.Cut(address, "/calendar/")
	if !found {
		t.Fatalf("the page shows no address: %q", address)
	}
	if made.Header.Get("Cache-Control") != "no-store" || made.Find("[data-reveal]").Length() != 1 {
		t.Error("the address may be kept by the browser")
	}
	return "/calendar/" + path
}

// summaries reads a calendar with a parser of others.
func summaries(t *testing.T, body string) (lines []string) {
	t.Helper()
	calendar, err := ical.NewDecoder(strings.NewReader(body)).Decode()
	if err != nil {
		t.Fatalf("not a calendar: %v\n%s", err, body)
	}
	for _, e := range calendar.Events() {
		text, err := e.Props.Text("SUMMARY")
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, text)
	}
	return lines
}

func TestCalendarOfAPerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		later, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Later; with, signs \\ and “quotes”", Expires: models.ExpiresAt(f.Clock.Now().Add(300 * 24 * time.Hour))})
		first, secret := f.Issue(f.Alice, models.NewKey{Purpose: "Sooner", Expires: models.ExpiresAt(f.Clock.Now().Add(3 * 24 * time.Hour))})
		f.Issue(f.Bob, models.NewKey{Purpose: "Of somebody else"})
		alice := browserOf(f, site, f.Alice)
		path := makeFeed(t, alice, "")
		a := site.Client().Get(path).Want(200)
		if got := summaries(t, a.Body); len(got) != 2 || got[0] != "API key “Sooner” ends" || got[1] != "API key “"+later.Purpose+"” ends" {
			t.Errorf("the calendar shows %q", got)
		}
		if a.Header.Get("Content-Type") != "text/calendar; charset=utf-8" || len(a.Header.Values("Set-Cookie")) != 0 {
			t.Errorf("headers: %v", a.Header)
		}
		calendar, _ := ical.NewDecoder(strings.NewReader(a.Body)).Decode()
		ends, err := calendar.Events()[0].DateTimeEnd(time.UTC)
		if err != nil || !ends.Equal(first.ExpiresAt.Truncate(time.Second)) {
			t.Errorf("the first event ends %v (%v), the key %v", ends, err, first.ExpiresAt)
		}
		token := strings.TrimSuffix(strings.TrimPrefix(path, "/calendar/"), ".ics")
		for place, text := range map[string]string{"the calendar": a.Body, "the log": site.Log() + f.Log.String()} {
			if strings.Contains(text, token) || strings.Contains(text, secret.Reveal()) {
				t.Errorf("%s holds the token or a key", place)
			}
		}
		again := site.Client().Do("GET", path, "", map[string][]string{"If-None-Match": {a.Header.Get("Etag")}})
		if again.Status != 304 || again.Body != "" {
			t.Errorf("asked again: got %d", again.Status)
		}
	})
}

// eventOf reads from a calendar what programs decide by whether an event is newer.
func eventOf(t *testing.T, body, summary string) (sequence int, modified, ends time.Time) {
	t.Helper()
	calendar, err := ical.NewDecoder(strings.NewReader(body)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range calendar.Events() {
		if text, _ := e.Props.Text("SUMMARY"); text != summary {
			continue
		}
		sequence, err1 := e.Props.Get("SEQUENCE").Int()
		modified, err2 := e.Props.DateTime("LAST-MODIFIED", time.UTC)
		ends, err3 := e.DateTimeEnd(time.UTC)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		return sequence, modified, ends
	}
	t.Fatalf("no %q in %s", summary, body)
	return 0, modified, ends
}

// An event whose end moves is a newer one, by facts that stay what they are.
func TestCalendarOfRotatedKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		old, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Laptop", Expires: models.ExpiresAt(f.Clock.Now().Add(30 * 24 * time.Hour))})
		path := makeFeed(t, browserOf(f, site, f.Alice), "")
		sequence, modified, ends := eventOf(t, site.Client().Get(path).Want(200).Body, "API key “Laptop” ends")
		if sequence != 0 || !modified.Equal(old.CreatedAt.Truncate(time.Second)) || !ends.Equal(old.ExpiresAt.Truncate(time.Second)) {
			t.Errorf("at first: %d, %v, %v", sequence, modified, ends)
		}
		for n := 1; n <= 2; n++ {
			f.Clock.Advance(time.Hour)
			next, _, err := f.Store.RotateAPIKey(f.As(f.Alice), f.Alice.ID, old.ID, models.Rotation{Overlap: time.Duration(10-n) * 24 * time.Hour, Expires: models.ExpiresInDays(90, time.UTC)})
			if err != nil {
				t.Fatal(err)
			}
			// That the place is free again does not make the event older.
			if _, err := f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, next.ID); err != nil {
				t.Fatal(err)
			}
			body := site.Client().Get(path).Want(200).Body
			sequence, modified, moved := eventOf(t, body, "API key “Laptop” ends")
			if sequence != n || !modified.Equal(next.CreatedAt.Truncate(time.Second)) || !moved.Before(ends) {
				t.Errorf("after %d rotations: %d, %v, %v", n, sequence, modified, moved)
			}
			f.Clock.Advance(time.Minute)
			if again := site.Client().Get(path).Want(200).Body; again != body {
				t.Errorf("a minute later the calendar is another one:\n%s\n%s", body, again)
			}
			ends = moved
		}
	})
}

func TestCalendarEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		f.Issue(f.Alice, models.NewKey{Purpose: "Laptop"})
		alice := browserOf(f, site, f.Alice)
		unknown := site.Client().Get("/calendar/" + models.NewToken() + ".ics").Want(404).Body
		gone := func(path, why string) {
			t.Helper()
			if got := site.Client().Get(path); got.Status != 404 || got.Body != unknown {
				t.Errorf("%s: the address answers %d, or not as one that never was", why, got.Status)
			}
		}
		first := makeFeed(t, alice, "")
		second := makeFeed(t, alice, "")
		gone(first, "a newer one was made")
		site.Client().Get(second).Want(200)

		stale := alice.Form("/account/calendar", url.Values{"owner": {""}, "feed": {"1"}})
		if stale.Status != 409 {
			t.Errorf("a form sent twice: got %d, want 409", stale.Status)
		}
		site.Client().Get(second).Want(200)

		if _, err := f.Store.SetUserActive(f.As(f.Admin), f.Alice.ID, false); err != nil {
			t.Fatal(err)
		}
		gone(second, "the person is deactivated")
		if _, err := f.Store.SetUserActive(f.As(f.Admin), f.Alice.ID, true); err != nil {
			t.Fatal(err)
		}
		alice = browserOf(f, site, f.Alice)
		feed, _ := alice.Get("/account/calendar").Find("form[action$='/off'] input[name=feed]").Attr("value")
		alice.Form("/account/calendar/off", url.Values{"owner": {""}, "feed": {feed}}).Want(303)
		gone(second, "it was switched off")
		for _, path := range []string{"/calendar/x", "/calendar/.ics", "/calendar/%00.ics", "/calendar/" + strings.Repeat("x", 5000) + ".ics"} {
			site.Client().Get(path).Want(404)
		}
	})
}

func TestCalendarOfATeam(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		caretaker := memberOf(t, f, "caretaker")
		site := webtest.New(t, f.Store)
		f.Issue(f.Robot, models.NewKey{Purpose: "Deploy"})
		robot, err := f.Store.User(f.As(f.Admin), f.Robot.ID)
		if err != nil || robot.OwnerTeamID == nil {
			t.Fatalf("the robot has no owner team: %v", err)
		}
		team := models.Team{ID: *robot.OwnerTeamID}.PublicID()
		link := "a[href='/account/calendar#" + team + "']"
		admin := browserOf(f, site, f.Admin)
		if admin.Get("/configuration/teams/"+team).Want(200).Find(link).Length() != 0 {
			t.Error("the page of the team leads to a calendar that the reader may not have")
		}
		if _, err := f.Store.AddTeamMember(f.As(f.Admin), *robot.OwnerTeamID, f.Admin.Username); err != nil {
			t.Fatal(err)
		}
		if admin.Get("/configuration/teams/"+team).Want(200).Find(link).Length() != 1 || admin.Get("/account/calendar").Find("li[id='"+team+"']").Length() != 1 {
			t.Error("the page of the team does not lead a member to its calendar")
		}
		path := makeFeed(t, browserOf(f, site, caretaker), team)
		a := site.Client().Get(path).Want(200)
		if got := summaries(t, a.Body); len(got) != 1 || got[0] != "API key “Deploy” of "+f.Robot.Name()+" ends" {
			t.Errorf("the calendar shows %q", got)
		}
		if !strings.Contains(a.Body, "/configuration/users/"+f.Robot.PublicID()) {
			t.Error("the event does not lead to the key")
		}
		stranger := browserOf(f, site, f.Bob)
		for _, owner := range []string{team, "Teams-99999", "nonsense"} {
			stranger.Form("/account/calendar", url.Values{"owner": {owner}}).Want(404)
			stranger.Form("/account/calendar/off", url.Values{"owner": {owner}}).Want(404)
		}
		site.Client().Get(path).Want(200)
	})
}
