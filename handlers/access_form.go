package handlers

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// accessForm is what a new key may be used for, as it was typed.
type accessForm struct {
	Level                     string
	Services, Allowed, Denied string
}

func readAccessForm(c echo.Context) accessForm {
	return accessForm{Level: c.FormValue("access_level"), Services: c.FormValue("services"), Allowed: c.FormValue("allowed"), Denied: c.FormValue("denied")}
}

// wish reads what was asked for. A person decides, so what was left empty is no
// limit; only a form without the choice, of a page from before there was one,
// asks for full access.
func (f accessForm) wish() models.AccessWish {
	wish := models.AccessWish{Level: f.Level, Services: strings.FieldsFunc(strings.ToLower(f.Services), betweenNames),
		Allowed: []string{f.Allowed}, Denied: []string{f.Denied}}
	if wish.Level == "" {
		wish.Level = string(models.FullAccess)
	}
	return wish
}

func betweenNames(r rune) bool { return r == ',' || r == ';' || r <= ' ' }

// show shows the fields: empty at first, or as they were typed with what is
// wrong.
func (f accessForm) show(refusal *models.Error) views.AccessForm {
	form := views.AccessForm{
		ReadOnly: f.Level == string(models.ReadOnly),
		Services: views.Field{Name: "services", Label: "Services", Value: f.Services, Autocomplete: "off", Placeholder: "billing, stock",
			Hint: "The names of the services that accept this key, with commas between them. Empty: every service. The name " + models.OwnService + " stands for Keyport’s own REST API."},
		Allowed: views.Field{Name: "allowed", Label: "Allowed networks", Value: f.Allowed, Placeholder: "192.0.2.0/24",
			Hint: "The key works only from here. IPv4 or IPv6, networks or single addresses, one on a line. Empty: from everywhere."},
		Denied: views.Field{Name: "denied", Label: "Denied networks", Value: f.Denied, Placeholder: "192.0.2.128/25",
			Hint: "The key never works from here, even inside an allowed network. Up to 50 networks in all."},
		Open: f.Services != "" || f.Allowed != "" || f.Denied != "",
	}
	if refusal != nil {
		form.Error, form.Services.Error = refusal.Problem("AccessLevel"), refusal.Problem("Services")
		form.Allowed.Error, form.Denied.Error = refusal.Problem("AllowedNetworks"), refusal.Problem("DeniedNetworks")
	}
	return form
}
