package api

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Events serves /api/events, and the same below the space.
type Events struct {
	Store    *store.Store
	BasePath string
}

func (h *Events) links() linker { return linker{h.BasePath} }

// Index lists events, newest first, or writes them as a table with asCsv.
func (h *Events) Index(c echo.Context) error {
	page, err := readPage(c)
	if err != nil {
		return err
	}
	query, repeated, err := readEventQuery(c)
	if err != nil {
		return err
	}
	query.Page = page
	if repeated.Get("asCsv") == "true" {
		return h.csv(c, query)
	}
	list, err := h.Store.FindEvents(c.Request().Context(), query)
	if err != nil {
		return err
	}
	plain := repeated.Get("excludeDifference") == "true"
	items := make([]eventResource, 0, len(list.Events))
	for _, e := range list.Events {
		if plain {
			e.Differences = nil
		}
		items = append(items, h.links().event(e))
	}
	return write(c, http.StatusOK, newCollection("Event", items, list.Total, page, h.links().to("/api/events"), repeated))
}

// Show reads one event.
func (h *Events) Show(c echo.Context) error {
	id, ok := parseEventID(c.Param("id"))
	if !ok {
		if err := models.MaySeeEvents(models.ActorFrom(c.Request().Context())); err != nil {
			return err
		}
		return models.Missing("event")
	}
	e, err := h.Store.Event(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().event(e))
}

// namedResource is an entry of the lists of which filters are made.
type namedResource struct {
	Id    string
	Name  string
	Links Links `api:"null"` // always null
}

// Categories lists what kinds of events there are.
func (h *Events) Categories(c echo.Context) error {
	list := []namedResource{}
	for _, kind := range models.Categories {
		list = append(list, namedResource{Id: string(kind.ID), Name: kind.Name})
	}
	return write(c, http.StatusOK, list)
}

type eventGroupResource struct {
	Id              string
	Name            string
	EventCategories []models.Category
	Links           Links `api:"null"`
}

// Groups lists the sets of kinds.
func (h *Events) Groups(c echo.Context) error {
	list := []eventGroupResource{}
	for _, g := range models.EventGroups {
		list = append(list, eventGroupResource{Id: g.ID, Name: g.Name, EventCategories: g.Categories})
	}
	return write(c, http.StatusOK, list)
}

// Agents lists by what things are done. Clients of the REST API are named by
// their User-Agent, of which there is no list.
func (h *Events) Agents(c echo.Context) error {
	return write(c, http.StatusOK, []namedResource{{Id: models.AgentServer, Name: "Keyport"}, {Id: models.AgentPortal, Name: "Portal"}})
}

type documentTypeResource struct {
	Id   string
	Name string
}

// DocumentTypes lists what events can be about.
func (h *Events) DocumentTypes(c echo.Context) error {
	list := []documentTypeResource{}
	for _, k := range models.DocumentKinds {
		list = append(list, documentTypeResource{k.ID, k.Name})
	}
	return write(c, http.StatusOK, list)
}

type archivedEventFile struct{}

// Archives lists files of old events. There are none: Keyport removes what it
// does not keep.
func (h *Events) Archives(c echo.Context) error {
	if err := models.MaySeeEvents(models.ActorFrom(c.Request().Context())); err != nil {
		return err
	}
	page, err := readPage(c)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, newCollection[archivedEventFile]("ArchivedEventFile", nil, 0, page, h.links().to("/api/events/archives"), nil))
}

// isTrue reads a switch in a query, as Octopus's clients write it.
func isTrue(s string) bool { return strings.EqualFold(s, "true") || s == "1" }
