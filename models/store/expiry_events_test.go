package store_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// told counts the events of keys that end, by "key category".
func told(f *storetest.Fixture) map[string]int {
	n := map[string]int{}
	for _, e := range f.Events() {
		if strings.HasPrefix(string(e.Category), "ApiKeyExp") {
			n[e.DocumentID+" "+string(e.Category)]++
		}
	}
	return n
}

func raise(t *testing.T, s *store.Store) models.ExpiryRun {
	t.Helper()
	return must[models.ExpiryRun](t)(s.RaiseExpiryEvents(nobody))
}

func keyFor(f *storetest.Fixture, u models.User, life time.Duration) models.APIKey {
	key, _ := f.Issue(u, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(life))})
	return key
}

func TestExpiryEventsOfALife(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		long, short, revoked := keyFor(f, f.Robot, 30*day), keyFor(f, f.Alice, 5*day), keyFor(f, f.Alice, 30*day)
		must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, revoked.ID))
		for range 4 * 31 { // each six hours, for a month
			raise(t, f.Store)
			raise(t, f.Store)
			f.Clock.Advance(6 * time.Hour)
		}
		got, want := told(f), map[string]int{long.ID + " ApiKeyExpiryTwentyDayWarning": 1, long.ID + " ApiKeyExpiryTenDayWarning": 1, long.ID + " ApiKeyExpired": 1, short.ID + " ApiKeyExpired": 1}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("told of %v, want %v", got, want)
		}
		for _, e := range f.Events() {
			if e.Category == models.APIKeyTwentyDayWarning && (e.RelatedUserID == nil || *e.RelatedUserID != f.Robot.ID || e.Username != "system" || !strings.Contains(e.Message, "of robot expires in 20 days")) {
				t.Errorf("event = %+v", e)
			}
		}
	})
}

// After a long stop people hear of what matters now, and not of keys that ended
// weeks ago. A clock that goes back repeats nothing.
func TestExpiryEventsAfterAStop(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		gone, yesterday, soon := keyFor(f, f.Robot, 30*day), keyFor(f, f.Robot, 59*day), keyFor(f, f.Robot, 63*day)
		f.Clock.Advance(60 * day)
		run := raise(t, f.Store)
		want := map[string]int{yesterday.ID + " ApiKeyExpired": 1, soon.ID + " ApiKeyExpiryTenDayWarning": 1}
		if got := told(f); fmt.Sprint(got) != fmt.Sprint(want) || run.Looked != 3 {
			t.Errorf("told of %v after looking at %d keys, want %v (%s ended long ago)", got, run.Looked, want, gone.ID)
		}
		f.Clock.Advance(-50 * day)
		raise(t, f.Store)
		f.Clock.Advance(50 * day)
		raise(t, f.Store)
		if got := told(f); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("after the clock went back and forth: told of %v", got)
		}
	})
}

// Three replicas look at the same time: every key is told of once.
func TestExpiryEventsOnReplicas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		const keys = 250
		for range keys {
			keyFor(f, f.Robot, 5*day)
		}
		f.Clock.Advance(5 * day)
		replicas := []*store.Store{f.Store, f.Store, f.Store}
		if f.Engine == storetest.PostgreSQL {
			replicas = []*store.Store{f.Store, f.Reopen(1), f.Reopen(1)}
		}
		var wg sync.WaitGroup
		for _, s := range replicas {
			wg.Go(func() {
				if _, err := s.RaiseExpiryEvents(nobody); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		n := told(f)
		if len(n) != keys {
			t.Errorf("%d keys were told of, want %d", len(n), keys)
		}
		for what, times := range n {
			if times != 1 {
				t.Errorf("%s: told %d times", what, times)
			}
		}
		if verify(t, f).Finding != nil {
			t.Error("the trail has a flaw")
		}
	})
}

// One key that can't be dealt with holds up no other, and is tried again.
func TestExpiryEventsPassABadKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		bad, good := keyFor(f, f.Robot, day), keyFor(f, f.Robot, 2*day)
		refuse := "CREATE TRIGGER refuse BEFORE INSERT ON api_key_notices WHEN NEW.key_id = '" + bad.ID + "' BEGIN SELECT RAISE(ABORT, 'no'); END"
		if f.Engine == storetest.PostgreSQL {
			f.Exec("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.key_id = '" + bad.ID + "' THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$")
			refuse = "CREATE TRIGGER refuse BEFORE INSERT ON api_key_notices FOR EACH ROW EXECUTE FUNCTION refuse()"
		}
		f.Exec(refuse)
		f.Clock.Advance(3 * day)
		if run := raise(t, f.Store); run.Failed != 1 || run.Events[models.APIKeyExpired] != 1 {
			t.Errorf("run = %+v, want one event and one failure", run)
		}
		drop := "DROP TRIGGER refuse"
		if f.Engine == storetest.PostgreSQL {
			drop += " ON api_key_notices"
		}
		f.Exec(drop)
		if run := raise(t, f.Store); run.Looked != 0 {
			t.Errorf("the bad key was tried again at once: %+v", run)
		}
		f.Clock.Advance(time.Hour)
		raise(t, f.Store)
		want := map[string]int{bad.ID + " ApiKeyExpired": 1, good.ID + " ApiKeyExpired": 1}
		if got := told(f); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("told of %v, want %v", got, want)
		}
	})
}

// The task runs ten minutes after a start and every four hours, on one of the
// replicas; a restart brings it forward and never pushes it away.
func TestExpiryTaskTimes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		start := f.Store.Now()
		wantKind(t, f.Store.ScheduleExpiryTask(nobody), 0)
		var runs []time.Duration
		seen := time.Time{}
		for f.Store.Now().Sub(start) < 9*time.Hour {
			for _, s := range []*store.Store{f.Store, f.Store} {
				wantKind(t, s.RunExpiryTaskIfDue(nobody), 0)
			}
			task := must[models.ScheduledTask](t)(f.Store.ExpiryTask(admin))
			if task.StartedAt != nil && !task.StartedAt.Equal(seen) {
				seen = *task.StartedAt
				runs = append(runs, seen.Sub(start))
			}
			f.Clock.Advance(time.Minute)
		}
		if got := fmt.Sprint(runs); got != "[10m0s 4h10m0s 8h10m0s]" {
			t.Errorf("the task ran after %s", got)
		}
		wantKind(t, f.Store.ScheduleExpiryTask(nobody), 0) // a restart, three hours before the next run
		f.Clock.Advance(10 * time.Minute)
		wantKind(t, f.Store.RunExpiryTaskIfDue(nobody), 0)
		task := must[models.ScheduledTask](t)(f.Store.ExpiryTask(admin))
		if !task.StartedAt.Equal(f.Store.Now()) || task.Found != "nothing to tell" || task.FinishedAt == nil || task.RunningUntil != nil {
			t.Errorf("ten minutes after a restart the task is %+v", task)
		}
	})
}

func TestExpiryTaskByHand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		wantKind(t, f.Store.ScheduleExpiryTask(nobody), 0)
		keyFor(f, f.Robot, day)
		f.Clock.Advance(day)
		wantKind(t, f.Store.RunExpiryTaskNow(f.As(f.Bob)), models.Forbidden)
		_, err := f.Store.ExpiryTask(f.As(f.Bob))
		wantKind(t, err, models.Forbidden)
		admin := f.As(f.Admin)
		wantKind(t, f.Store.RunExpiryTaskNow(admin), 0)
		if task := must[models.ScheduledTask](t)(f.Store.ExpiryTask(admin)); task.Found != "1 key expired" {
			t.Errorf("the task found %q", task.Found)
		}
		// Somebody who works on it, or died over it, keeps it for ten minutes.
		f.Exec("UPDATE scheduled_tasks SET running_until = next_run_at")
		wantKind(t, f.Store.RunExpiryTaskNow(admin), models.Conflict)
		f.Clock.Advance(4 * time.Hour)
		wantKind(t, f.Store.RunExpiryTaskIfDue(nobody), 0)
		if task := must[models.ScheduledTask](t)(f.Store.ExpiryTask(admin)); task.Found != "nothing to tell" {
			t.Errorf("after the other one died the task found %q", task.Found)
		}
	})
}

// Of three replicas one has the task at a time. When it dies over it, the others
// wait as long as its claim lasts, and no longer: what it left is told then.
func TestExpiryTaskOnReplicas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		wantKind(t, f.Store.ScheduleExpiryTask(nobody), 0)
		keyFor(f, f.Robot, day)
		f.Clock.Advance(day)
		replicas := []*store.Store{f.Store, f.Reopen(1), f.Reopen(1)}
		var claims atomic.Int32
		var all sync.WaitGroup
		for _, s := range replicas {
			all.Go(func() {
				for range 5 {
					if claimed, err := s.ClaimExpiryTask(nobody); err != nil {
						t.Error(err)
					} else if claimed != nil {
						claims.Add(1)
					}
				}
			})
		}
		all.Wait()
		if n := claims.Load(); n != 1 {
			t.Errorf("%d have the task at once, want one", n)
		}
		begun := f.Store.Now()
		tryAll := func() models.ScheduledTask {
			for _, s := range replicas {
				wantKind(t, s.RunExpiryTaskIfDue(nobody), 0)
			}
			return must[models.ScheduledTask](t)(f.Store.ExpiryTask(f.As(f.Admin)))
		}
		f.Clock.Set(begun.Add(models.ExpiryTaskMost - time.Microsecond))
		if task := tryAll(); !task.StartedAt.Equal(begun) || task.FinishedAt != nil {
			t.Errorf("within the claim of the dead one the task is %+v", task)
		}
		f.Clock.Set(begun.Add(models.ExpiryTaskMost))
		task := tryAll()
		if task.FinishedAt == nil || !task.FinishedAt.Equal(f.Store.Now()) || task.Found != "1 key expired" || task.RunningUntil != nil || !task.NextRunAt.Equal(f.Store.Now().Add(models.ExpiryTaskEvery)) {
			t.Errorf("after the claim of the dead one the task is %+v", task)
		}
	})
}

// A run that took so long that another replica has begun leaves that one's claim
// and what is known of its run alone.
func TestExpiryTaskOfAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		wantKind(t, f.Store.ScheduleExpiryTask(nobody), 0)
		slow := must[*time.Time](t)(f.Store.ClaimExpiryTask(nobody))
		f.Clock.Advance(models.ExpiryTaskMost)
		quick := must[*time.Time](t)(f.Store.ClaimExpiryTask(nobody))
		wantKind(t, f.Store.NoteExpiryRun(nobody, *slow), 0)
		task := must[models.ScheduledTask](t)(f.Store.ExpiryTask(f.As(f.Admin)))
		if task.RunningUntil == nil || !task.StartedAt.Equal(*quick) || task.FinishedAt != nil {
			t.Errorf("after the slow run has ended the task is %+v", task)
		}
		if third := must[*time.Time](t)(f.Store.ClaimExpiryTask(nobody)); third != nil {
			t.Error("a third replica took the task from the second one")
		}
		wantKind(t, f.Store.NoteExpiryRun(nobody, *quick), 0)
		if task = must[models.ScheduledTask](t)(f.Store.ExpiryTask(f.As(f.Admin))); task.RunningUntil != nil || task.FinishedAt == nil {
			t.Errorf("after its own run has ended the task is %+v", task)
		}
	})
}
