package handlers

import (
	"bufio"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// AuditPath is Configuration → Audit.
const AuditPath = "/configuration/audit"

// Audit serves the trail of events: the list and its export.
type Audit struct {
	Store *store.Store
}

// Where a page of the list begins: the id of the event before it, or after it.
const (
	paramBefore = "before"
	paramAfter  = "after"
)

// auditChunk is how many events an export reads at once.
const auditChunk = 500

// auditQuery is the address of the list.
type auditQuery struct {
	search   models.EventSearch
	events   models.EventQuery
	problems []models.Problem
}

func readAuditQuery(c echo.Context) (q auditQuery) {
	q.search, q.problems = models.ParseEventSearch(c.QueryParams())
	q.events = q.search.Query(zoneOf(c))
	q.events.Before, q.events.After = eventNumber(c, paramBefore), eventNumber(c, paramAfter)
	return q
}

// eventNumber reads where a page begins. What can't be read begins at the newest.
func eventNumber(c echo.Context, name string) int64 {
	n, err := strconv.ParseInt(c.QueryParam(name), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// at returns an address below the list for the same events.
func (q auditQuery) at(path string) string { return withQuery(path, q.search.Values()) }

// Index shows the list. htmx, which asks when the page of the list changes, gets
// the list alone.
func (h *Audit) Index(c echo.Context) error {
	q := readAuditQuery(c)
	if len(q.problems) > 0 {
		return h.repair(c, q)
	}
	list, err := h.Store.WalkEvents(c.Request().Context(), q.events, models.PageSize)
	if refusal := models.Refusal(err); models.KindOf(err) == models.Invalid {
		q.problems = refusal.Problems
		return h.repair(c, q)
	}
	if err != nil {
		return err
	}
	props, err := h.page(c, q, list)
	switch {
	case err != nil:
		return err
	case WantsFragment(c.Request()):
		return render(c, http.StatusOK, views.AuditFeed(props))
	}
	return render(c, http.StatusOK, views.AuditPage(props))
}

// repair shows nothing but what is wrong with the filters.
func (h *Audit) repair(c echo.Context, q auditQuery) error {
	refusal := models.InvalidInput(q.problems)
	if WantsFragment(c.Request()) {
		return refusal
	}
	props, err := h.page(c, q, models.EventList{})
	if err != nil {
		return err
	}
	props.Shell.Title, props.ExportPath, props.Found = "Error: "+props.Shell.Title, "", "No events are shown"
	props.Filter.Title, props.Filter.Problems = attention(len(refusal.Problems)), problemsFor(refusal, eventFieldIDs)
	return render(c, http.StatusUnprocessableEntity, views.AuditPage(props))
}

func (h *Audit) page(c echo.Context, q auditQuery, list models.EventList) (views.Audit, error) {
	ctx, zone := c.Request().Context(), zoneOf(c)
	settings, err := h.Store.AuditSettings(ctx)
	props := views.Audit{
		Shell: shellOf(c, "Audit", views.AreaConfiguration, AuditPath), Path: AuditPath, Filter: q.form(c), Zone: zone.String(),
		Found: count(len(list.Events), "event") + " shown", Pager: q.pager(list), Kept: "Events are kept for " + count(settings.RetentionDays, "day") + ".",
	}
	if len(list.Events) > 0 {
		props.ExportPath = q.at(AuditPath + "/export")
	}
	if models.ActorFrom(ctx).May(models.ConfigureServer) {
		props.SettingsPath = AuditSettingsPath
	}
	props.Days = eventDays(list.Events, h.Store.Now(), zone)
	return props, err
}

func (q auditQuery) pager(list models.EventList) views.Pager {
	if len(list.Events) == 0 || !list.More && !list.Newer {
		return views.Pager{}
	}
	p := views.Pager{Text: count(len(list.Events), "event") + " on this page"}
	to := func(name string, id int64) string {
		v := q.search.Values()
		v.Set(name, strconv.FormatInt(id, 10))
		return withQuery(AuditPath, v)
	}
	if list.Newer {
		p.Previous = to(paramAfter, list.Events[0].ID)
	}
	if list.More {
		p.Next = to(paramBefore, list.Events[len(list.Events)-1].ID)
	}
	return p
}

// Export sends all events that the filters choose, newest first, as a file for
// spreadsheets. It is written while it is read from the database.
func (h *Audit) Export(c echo.Context) error {
	q := readAuditQuery(c)
	if refusal := models.InvalidInput(q.problems); refusal != nil {
		return refusal
	}
	ctx, w, control := c.Request().Context(), bufio.NewWriter(c.Response()), http.NewResponseController(c.Response())
	q.events.Before, q.events.After = 0, 0
	for begun := false; ; begun = true {
		list, err := h.Store.WalkEvents(ctx, q.events, auditChunk)
		if err != nil {
			return err
		}
		if !begun {
			beginFile(c, "audit-"+models.DateIn(h.Store.Now(), zoneOf(c)).String()+".csv")
			writeRecord(w, models.EventCSVHead)
		}
		for _, e := range list.Events {
			writeRecord(w, e.CSVRecord())
		}
		control.SetWriteDeadline(time.Now().Add(chunkTimeout)) // not every connection has one
		if err := w.Flush(); err != nil || !list.More {
			return err
		}
		q.events.Before = list.Events[len(list.Events)-1].ID
	}
}
