package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Services serves /api/services: the APIs that accept Keyport's keys. Octopus
// has nothing like it.
type Services struct {
	Store    *store.Store
	BasePath string
}

// serviceResource is a service as the REST API writes it.
type serviceResource struct {
	Id            string
	Name          string
	Description   string
	RatePerMinute int64
	ReadOnly      []readRuleResource
	Version       int64
	Links         Links
}

type readRuleResource struct {
	Methods []string
	Path    string
}

// sentService is what clients send of a service. Version is compared only when
// it is sent.
type sentService struct {
	Name          string
	Description   string
	RatePerMinute int64
	ReadOnly      []readRuleResource
	Version       int64
}

func (s sentService) wish() models.NewService {
	wish := models.NewService{Name: s.Name, Description: s.Description, RatePerMinute: s.RatePerMinute}
	for _, r := range s.ReadOnly {
		wish.ReadOnly = append(wish.ReadOnly, models.ReadRule(r))
	}
	return wish
}

func (l linker) service(s models.Service) serviceResource {
	rules := make([]readRuleResource, len(s.ReadOnly))
	for i, r := range s.ReadOnly {
		rules[i] = readRuleResource(r)
	}
	return serviceResource{Id: s.PublicID(), Name: s.Name, Description: s.Description, RatePerMinute: s.RatePerMinute, ReadOnly: rules, Version: s.Version,
		Links: Links{"Self": l.to("/api/services/" + s.PublicID())}}
}

func (h *Services) links() linker { return linker{h.BasePath} }

// Index lists services by name.
func (h *Services) Index(c echo.Context) error {
	page, err := readPage(c)
	if err != nil {
		return err
	}
	all, err := h.Store.Services(c.Request().Context())
	if err != nil {
		return err
	}
	part, repeated := models.Fold(parameters(c).Get("partialname")), url.Values{}
	if part != "" {
		repeated.Set("partialName", part)
	}
	items := []serviceResource{}
	for _, s := range all {
		if strings.Contains(s.Name, part) {
			items = append(items, h.links().service(s))
		}
	}
	return write(c, http.StatusOK, newCollection("Service", window(items, page), len(items), page, h.links().to("/api/services"), repeated))
}

// Show reads one service.
func (h *Services) Show(c echo.Context) error {
	id, err := serviceID(c)
	if err != nil {
		return err
	}
	found, err := h.Store.Service(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().service(found))
}

func serviceID(c echo.Context) (int64, error) {
	id, ok := models.ParseServiceID(c.Param("id"))
	if !ok {
		return 0, models.Missing("service")
	}
	return id, nil
}

// Create registers a service.
func (h *Services) Create(c echo.Context) error {
	var sent sentService
	if err := read(c, &sent); err != nil {
		return err
	}
	made, err := h.Store.CreateService(c.Request().Context(), sent.wish())
	if err != nil {
		return err
	}
	return write(c, http.StatusCreated, h.links().service(made))
}

// Update replaces what can change of a service: everything but its name.
func (h *Services) Update(c echo.Context) error {
	id, err := serviceID(c)
	if err != nil {
		return err
	}
	var sent sentService
	if err := read(c, &sent); err != nil {
		return err
	}
	saved, err := h.Store.ChangeService(c.Request().Context(), id, models.ServiceChange{NewService: sent.wish(), Version: sent.Version})
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().service(saved))
}

// Delete removes a service.
func (h *Services) Delete(c echo.Context) error {
	id, err := serviceID(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.DeleteService(c.Request().Context(), id); err != nil {
		return err
	}
	return write(c, http.StatusOK, struct{}{})
}
