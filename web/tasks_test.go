package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

const tasksPage = "/configuration/tasks"

// The page says when the task ran, what it found and when it runs again, and
// runs it for administrators.
func TestTasksPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		if err := f.Store.ScheduleExpiryTask(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantFacts(t, admin.Get(tasksPage), "Last runNot yet", "Next run23 Nov 2026, 10:40 In 10 minutes")
		f.Issue(f.Robot, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(time.Minute))})
		f.Clock.Advance(time.Minute)

		token := url.Values{"csrf": {admin.Get(tasksPage).Value("csrf")}}
		admin.Form(tasksPage+"/expiry/run", token).Want(303)
		page := admin.Get(tasksPage)
		if got := words(page, "main [role=status]"); !strings.Contains(got, "It found: 1 key expired.") {
			t.Errorf("the notice says %q", got)
		}
		wantFacts(t, page, "Last run23 Nov 2026, 10:31 Just now", "TookLess than a second", "Found1 key expired", "Next run23 Nov 2026, 14:31 In 4 hours")
		if got := happened(admin.Get(page.Find(".page-head a").AttrOr("href", "")).Want(200)); !strings.Contains(got, "of robot expired at") {
			t.Errorf("the history of the task shows %q", got)
		}
		wantBusyTask(t, f, admin)
	})
}

// wantBusyTask checks what is shown while another replica works, and after one
// that came to no end.
func wantBusyTask(t *testing.T, f *storetest.Fixture, admin *webtest.Client) {
	t.Helper()
	f.Exec("UPDATE scheduled_tasks SET running_until = next_run_at, failed = 'Out of luck.'")
	token := url.Values{"csrf": {admin.Get(tasksPage).Value("csrf")}}
	admin.Form(tasksPage+"/expiry/run", token).Want(303)
	page := admin.Get(tasksPage)
	if got := words(page, "main [role=status]"); !strings.Contains(got, "Already running") {
		t.Errorf("the notice says %q", got)
	}
	if got := words(page, ".facts .badge"); got != "Running" {
		t.Errorf("the badge says %q", got)
	}
	if got := words(page, ".notice.bad"); !strings.Contains(got, "Out of luck.") {
		t.Errorf("the failure reads %q", got)
	}
}

func wantFacts(t *testing.T, page webtest.Answer, want ...string) {
	t.Helper()
	got := strings.Join(strings.Fields(page.Want(200).Find(".facts").Text()), " ")
	for _, fact := range want {
		if !strings.Contains(got, fact) {
			t.Errorf("facts = %q, want %q in them", got, fact)
		}
	}
}
