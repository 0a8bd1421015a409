package handlers

import (
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// ServicesPath is Configuration → Services.
const ServicesPath = "/configuration/services"

// Services serves the services that accept keys: the list, New service, a
// service with its recipes for proxies, and its removal.
type Services struct {
	Store     *store.Store
	Sessions  Sessions
	ServerURL string // where proxies reach Keyport
}

func servicePath(id int64) string { return ServicesPath + "/" + models.Service{ID: id}.PublicID() }

// serviceID reads the id in the path; one that can't be is nobody's.
func serviceID(c echo.Context) (int64, error) {
	id, ok := models.ParseServiceID(c.Param("id"))
	if !ok {
		return 0, models.Missing("service")
	}
	return id, nil
}

// Index shows the list.
func (h *Services) Index(c echo.Context) error {
	services, err := h.Store.Services(c.Request().Context())
	if err != nil {
		return err
	}
	props := views.ServiceList{Shell: shellOf(c, "Services", views.AreaConfiguration, ServicesPath), NewPath: ServicesPath + "/new"}
	for _, s := range services {
		props.Rows = append(props.Rows, views.ServiceRow{Name: s.Name, Description: s.Description, Rate: rateOf(s), Reads: readsOf(s), Path: servicePath(s.ID)})
	}
	return render(c, http.StatusOK, views.ServicesPage(props))
}

func rateOf(s models.Service) string {
	if s.RatePerMinute == 0 {
		return "No limit"
	}
	return strconv.FormatInt(s.RatePerMinute, 10) + " a minute"
}

func readsOf(s models.Service) string {
	if len(s.ReadOnly) == 0 {
		return "GET, HEAD and OPTIONS"
	}
	return count(len(s.ReadOnly), "rule")
}

// New shows the form.
func (h *Services) New(c echo.Context) error {
	return render(c, http.StatusOK, views.NewServicePage(newServiceForm(c, serviceForm{Rate: "0"}, nil)))
}

func newServiceForm(c echo.Context, f serviceForm, refusal *models.Error) views.ServiceForm {
	props := serviceFields(f, refusal)
	props.Shell = shellOf(c, "New service", views.AreaConfiguration, ServicesPath)
	props.Path, props.Submit = ServicesPath, "Register service"
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
	}
	return props
}

// Create registers the service and leads to its page, where the recipes are.
func (h *Services) Create(c echo.Context) error {
	form := readServiceForm(c)
	service, err := h.Store.CreateService(c.Request().Context(), form.wish())
	if models.KindOf(err) == models.Invalid {
		props := newServiceForm(c, form, models.Refusal(err))
		return renderEither(c, http.StatusUnprocessableEntity,
			func() templ.Component { return views.NewServicePage(props) },
			func() templ.Component { return views.NewServiceMain(props) })
	}
	if err != nil {
		return err
	}
	return h.backTo(c, servicePath(service.ID), views.Notice{Tone: views.ToneOK, Title: "The service " + service.Name + " is registered", Text: "Configure its proxy now."})
}

// Show shows a service.
func (h *Services) Show(c echo.Context) error {
	id, err := serviceID(c)
	if err != nil {
		return err
	}
	return h.show(c, id, http.StatusOK, nil, nil)
}

// Update saves a service. Whoever saves later than somebody else is told.
func (h *Services) Update(c echo.Context) error {
	id, err := serviceID(c)
	if err != nil {
		return err
	}
	form := readServiceForm(c)
	service, err := h.Store.ChangeService(c.Request().Context(), id, models.ServiceChange{NewService: form.wish(), Version: form.Version})
	switch models.KindOf(err) {
	case models.Invalid:
		return h.show(c, id, http.StatusUnprocessableEntity, &form, models.Refusal(err))
	case models.Conflict:
		return h.show(c, id, http.StatusConflict, &form, models.Refusal(err))
	}
	if err != nil {
		return err
	}
	return h.backTo(c, servicePath(id), views.Notice{Tone: views.ToneOK, Title: "The service " + service.Name + " is saved", Text: "Calls are judged by it from now on."})
}

func (h *Services) show(c echo.Context, id int64, status int, typed *serviceForm, refusal *models.Error) error {
	service, err := h.Store.Service(c.Request().Context(), id)
	if err != nil {
		return err
	}
	form := formOfService(service)
	if typed != nil {
		form = *typed
	}
	props, err := h.page(c, service, serviceFields(form, refusal))
	if err != nil {
		return err
	}
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
		props.Form.Shell = props.Shell
	}
	return renderEither(c, status,
		func() templ.Component { return views.ServicePageWhole(props) },
		func() templ.Component { return views.ServiceMain(props) })
}

func (h *Services) page(c echo.Context, service models.Service, form views.ServiceForm) (views.ServicePage, error) {
	recipes, err := proxyRecipes(service.Name, h.ServerURL)
	if err != nil {
		return views.ServicePage{}, err
	}
	form.Shell = shellOf(c, service.Name, views.AreaConfiguration, ServicesPath)
	form.Path, form.Submit = servicePath(service.ID), "Save"
	// After a conflict the next save counts from what is stored now.
	form.Version = strconv.FormatInt(service.Version, 10)
	form.Name.Value, form.Name.ReadOnly = service.Name, true
	return views.ServicePage{Shell: form.Shell, ListPath: ServicesPath, Name: service.Name, Form: form, DeletePath: form.Path + "/deletion",
		History: history(c, models.ParamDocument, service.PublicID()), Recipes: recipes}, nil
}

// AskDelete shows what removing a service will do: as a dialog for htmx, as a
// page otherwise.
func (h *Services) AskDelete(c echo.Context) error {
	id, err := serviceID(c)
	if err != nil {
		return err
	}
	service, err := h.Store.Service(c.Request().Context(), id)
	if err != nil {
		return err
	}
	props := views.ServiceDeletion{Shell: shellOf(c, "Remove "+service.Name, views.AreaConfiguration, ServicesPath),
		Name: service.Name, Path: servicePath(id) + "/deletion", BackPath: servicePath(id), ListPath: ServicesPath}
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.ServiceDeletionPage(props) },
		func() templ.Component { return views.ServiceDeletionFragment(props) })
}

// Delete removes a service.
func (h *Services) Delete(c echo.Context) error {
	id, err := serviceID(c)
	if err != nil {
		return err
	}
	service, err := h.Store.DeleteService(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return h.backTo(c, ServicesPath, views.Notice{Tone: views.ToneOK, Title: "The service " + service.Name + " is removed", Text: "Every call to it is refused from now on."})
}

func (h *Services) backTo(c echo.Context, path string, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, path)
}
