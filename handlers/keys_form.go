package handlers

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// keyForm is the form New API key as it was typed.
type keyForm struct {
	FormID  string
	Purpose string
	Expiry  expiryForm
	Access  accessForm
}

// keyFieldIDs are the inputs that problems point at.
var keyFieldIDs = map[string]string{"Purpose": "purpose", "Expires": "expires",
	"AccessLevel": "access-level", "Services": "services", "AllowedNetworks": "allowed", "DeniedNetworks": "denied"}

func readKeyForm(c echo.Context) keyForm {
	return keyForm{FormID: readFormID(c), Purpose: c.FormValue("purpose"), Expiry: readExpiryForm(c), Access: readAccessForm(c)}
}

// readFormID reads the one-time id of a form. One that is not ours counts as
// none: the form still works, but can be sent twice.
func readFormID(c echo.Context) string {
	id := c.FormValue("form_id")
	if len(id) > 64 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return ""
	}
	return id
}

// wish reads what was asked for.
func (f keyForm) wish() models.NewKey {
	return models.NewKey{Purpose: f.Purpose, FormID: f.FormID, Access: f.Access.wish(), Expires: f.Expiry.wish()}
}

// form shows the form: empty at first, or as it was typed with what is wrong.
func (h *Keys) form(c echo.Context, owner keyOwner, f keyForm, refusal *models.Error) (views.NewKeyForm, error) {
	ctx := c.Request().Context()
	settings, err := h.Store.AuthSettings(ctx)
	if err != nil {
		return views.NewKeyForm{}, err
	}
	services, err := h.Store.ServiceNames(ctx)
	if err != nil {
		return views.NewKeyForm{}, err
	}
	props := views.NewKeyForm{
		Shell: owner.shell(c, "New API key"), Owner: owner.name, Crumbs: owner.below(),
		Path: owner.path, ListPath: owner.path, FormID: models.NewToken(),
		Purpose: views.Field{Name: "purpose", ID: "purpose", Label: "Purpose", Type: "text", Value: f.Purpose, MaxLength: models.MaxPurpose,
			Required: true, Autocomplete: "off", Placeholder: "Release pipeline on build-04",
			Hint: "What uses this key, and where it runs. You will see this in the audit trail."},
		Access: f.Access.show(services, refusal),
		Expiry: f.Expiry.show(settings.Policy(), h.Store.Now(), refusal),
	}
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
		props.Purpose.Error = refusal.Problem("Purpose")
		props.Problems = problemsFor(refusal, keyFieldIDs)
		props.Title = attention(len(props.Problems))
	}
	return props, nil
}
