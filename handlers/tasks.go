package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// TasksPath is Configuration → Tasks.
const TasksPath = "/configuration/tasks"

// Tasks serves the page of the work that Keyport does from time to time.
type Tasks struct {
	Store    *store.Store
	Sessions Sessions
}

// Index shows when the expiry task ran, what it found and when it runs next.
func (h *Tasks) Index(c echo.Context) error {
	task, err := h.Store.ExpiryTask(c.Request().Context())
	if err != nil {
		return err
	}
	replicas, err := h.Store.Replicas(c.Request().Context())
	if err != nil {
		return err
	}
	now, zone := h.Store.Now(), zoneOf(c)
	return render(c, http.StatusOK, views.TasksPage(views.Tasks{
		Shell: shellOf(c, "Tasks", views.AreaConfiguration, TasksPath), Zone: zone.String(),
		Expiry: taskCard(task, now, zone, TasksPath+"/expiry/run"), Audit: history(c, models.ParamGroup, "ApiKeyExpiry"),
		Replicas: replicaRows(replicas, zone),
	}))
}

// RunExpiry runs the expiry task at once, on this replica.
func (h *Tasks) RunExpiry(c echo.Context) error {
	ctx := c.Request().Context()
	err := h.Store.RunExpiryTaskNow(ctx)
	if models.KindOf(err) == models.Conflict {
		return h.back(c, views.Notice{Tone: views.ToneWarn, Title: "Already running", Text: models.Refusal(err).Message})
	}
	if err != nil {
		return err
	}
	task, err := h.Store.ExpiryTask(ctx)
	if err != nil {
		return err
	}
	return h.back(c, views.Notice{Tone: views.ToneOK, Title: "The expiry task ran", Text: "It found: " + task.Found + "."})
}

func (h *Tasks) back(c echo.Context, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, TasksPath)
}

// taskCard tells of a task. A run that is under way, or that came to no end, has
// found nothing yet: what is shown then is what the run before it found.
func taskCard(task models.ScheduledTask, now time.Time, zone *time.Location, runPath string) views.TaskCard {
	card := views.TaskCard{Running: task.RunningUntil != nil && task.RunningUntil.After(now), Failed: task.Failed, Found: task.Found, RunPath: runPath}
	if task.StartedAt != nil {
		card.Last, card.LastRelative = atMinute(*task.StartedAt, zone), ago(*task.StartedAt, now, zone)
	}
	if task.FinishedAt != nil && !task.FinishedAt.Before(*task.StartedAt) {
		card.Took = took(task.FinishedAt.Sub(*task.StartedAt))
	}
	if !task.NextRunAt.IsZero() {
		card.Next, card.NextRelative = atMinute(task.NextRunAt, zone), until(task.NextRunAt, now, zone)
	}
	return card
}

// took writes how long something lasted, as exactly as anybody wants to know.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return "Less than a second"
	case d < time.Minute:
		return count(int(d/time.Second), "second")
	}
	return count(int(d/time.Minute), "minute")
}
