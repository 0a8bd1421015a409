package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

const taskColumns = "name, next_run_at, running_until, started_at, finished_at, found, failed"

// ScheduleExpiryTask makes sure that the expiry task runs within ten minutes of
// a start. A run that is due earlier stays where it is.
func (s *Store) ScheduleExpiryTask(ctx context.Context) error {
	return s.inTx(ctx, "schedule expiry task", func(t *tx) error {
		first := t.now.Add(models.ExpiryTaskFirst)
		err := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&models.ScheduledTask{Name: models.ExpiryTask, NextRunAt: first}).Error
		if err != nil {
			return err
		}
		return t.db.Model(&models.ScheduledTask{}).Where("name = ? AND next_run_at > ?", models.ExpiryTask, first).Update("next_run_at", first).Error
	})
}

// ExpiryTask returns what is known of the task, to those who configure the
// server.
func (s *Store) ExpiryTask(ctx context.Context) (models.ScheduledTask, error) {
	var task models.ScheduledTask
	if err := mayRunTasks(models.ActorFrom(ctx)); err != nil {
		return task, err
	}
	err := s.read.WithContext(ctx).Select(taskColumns).Where("name = ?", models.ExpiryTask).Take(&task).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.ScheduledTask{Name: models.ExpiryTask}, nil
	}
	return task, s.failure("expiry task", err)
}

func mayRunTasks(actor *models.Actor) error {
	switch {
	case actor == nil:
		return models.Unauthorized()
	case !actor.May(models.ConfigureServer):
		return models.Denied("You can't see or run tasks. Ask an administrator for the right to configure the server.")
	}
	return nil
}

// RunExpiryTaskNow runs the task at once for somebody who may configure the
// server. It goes on when he hangs up: half a run helps nobody.
func (s *Store) RunExpiryTaskNow(ctx context.Context) error {
	if err := mayRunTasks(models.ActorFrom(ctx)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), models.ExpiryTaskMost)
	defer cancel()
	ran, err := s.runExpiryTask(ctx, true)
	if err == nil && !ran {
		return models.Conflicted("The task is running at the moment. Wait until it is done.")
	}
	return err
}

// RunExpiryTaskIfDue runs the task when its time has come and no other replica
// works on it.
func (s *Store) RunExpiryTaskIfDue(ctx context.Context) error {
	_, err := s.TryExpiryTask(ctx)
	return err
}

// TryExpiryTask is RunExpiryTaskIfDue that says whether it was due.
func (s *Store) TryExpiryTask(ctx context.Context) (ran bool, err error) {
	return s.runExpiryTask(ctx, false)
}

func (s *Store) runExpiryTask(ctx context.Context, now bool) (ran bool, err error) {
	claimed, err := s.claimExpiryTask(ctx, now)
	if err != nil || claimed == nil {
		return false, err
	}
	run, err := s.RaiseExpiryEvents(ctx)
	failed := ""
	if err != nil {
		failed = "The task did not come to its end. What is left is done at the next run; the log says why this one ended."
	}
	// What was found is kept also when somebody has hung up by now.
	return true, errors.Join(err, s.noteExpiryRun(context.WithoutCancel(ctx), *claimed, run, failed))
}

// claimExpiryTask takes the task for this replica: of several that try, one
// changes the row. It returns when that was, by which the claim is known, nil
// without one.
func (s *Store) claimExpiryTask(ctx context.Context, now bool) (claimed *time.Time, err error) {
	err = s.inTx(ctx, "claim expiry task", func(t *tx) error {
		claimed = nil
		due := t.db.Model(&models.ScheduledTask{}).Where("name = ? AND (running_until IS NULL OR running_until <= ?)", models.ExpiryTask, t.now)
		if !now {
			due = due.Where("next_run_at <= ? OR running_until IS NOT NULL", t.now) // the latter began it and died
		}
		result := due.Updates(map[string]any{"running_until": t.now.Add(models.ExpiryTaskMost), "started_at": t.now, "next_run_at": t.now.Add(models.ExpiryTaskEvery)})
		if result.RowsAffected == 1 {
			claimed = &t.now
		}
		return result.Error
	})
	return claimed, err
}

// noteExpiryRun ends a claim. A run that took so long that another replica has
// begun since leaves the task to that one.
func (s *Store) noteExpiryRun(ctx context.Context, claimed time.Time, run models.ExpiryRun, failed string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return s.inTx(ctx, "note expiry run", func(t *tx) error {
		change := map[string]any{"running_until": nil, "failed": failed}
		if failed == "" {
			change["finished_at"], change["found"] = t.now, foundWords(run)
		}
		return t.db.Model(&models.ScheduledTask{}).Where("name = ? AND started_at = ?", models.ExpiryTask, claimed).Updates(change).Error
	})
}

// foundWords says what a run found.
func foundWords(run models.ExpiryRun) string {
	var parts []string
	for _, kind := range []struct {
		category models.Category
		one, all string
	}{{models.APIKeyExpired, "expired", "expired"}, {models.APIKeyTenDayWarning, "ends within 10 days", "end within 10 days"}, {models.APIKeyTwentyDayWarning, "ends within 20 days", "end within 20 days"}} {
		switch n := run.Events[kind.category]; n {
		case 0:
		case 1:
			parts = append(parts, "1 key "+kind.one)
		default:
			parts = append(parts, plural(n, "key")+" "+kind.all)
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing to tell")
	}
	if run.Failed > 0 {
		parts = append(parts, plural(run.Failed, "key")+" could not be dealt with")
	}
	return strings.Join(parts, ", ")
}
