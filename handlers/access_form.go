package handlers

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// accessForm is what a new key may be used for, as it was typed.
type accessForm struct {
	Level           string
	Services        []string
	Allowed, Denied string
}

func readAccessForm(c echo.Context) accessForm {
	f := accessForm{Level: c.FormValue("access_level"), Allowed: c.FormValue("allowed"), Denied: c.FormValue("denied")}
	for _, value := range c.Request().Form["services"] {
		f.Services = append(f.Services, strings.FieldsFunc(strings.ToLower(value), betweenNames)...)
	}
	return f
}

func betweenNames(r rune) bool { return r == ',' || r == ';' || r <= ' ' }

// accessLike is filled in with an access that there is.
func accessLike(a models.Access) accessForm {
	return accessForm{Level: string(a.Level), Services: a.Services, Allowed: strings.Join(a.Allowed.Texts(), "\n"), Denied: strings.Join(a.Denied.Texts(), "\n")}
}

// wish reads what was asked for. A person decides, so what was left empty is no
// limit; only a form without the choice, of a page from before there was one,
// asks for full access.
func (f accessForm) wish() models.AccessWish {
	wish := models.AccessWish{Level: f.Level, Services: append([]string{}, f.Services...), Allowed: []string{f.Allowed}, Denied: []string{f.Denied}}
	if wish.Level == "" {
		wish.Level = string(models.FullAccess)
	}
	return wish
}

// show shows the fields: empty at first, or as they were typed with what is
// wrong. They are folded away unless one of them holds something.
func (f accessForm) show(services []string, refusal *models.Error) views.AccessForm {
	form := views.AccessForm{
		ReadOnly: f.Level == string(models.ReadOnly), Services: f.serviceChoices(services),
		ServicesHint: "Choose none for every service.",
		Allowed: views.Field{Name: "allowed", Label: "Allowed networks", Value: f.Allowed, Placeholder: "192.0.2.0/24",
			Hint: "The key works only from here. IPv4 or IPv6, networks or single addresses, one on a line. Empty: from everywhere."},
		Denied: views.Field{Name: "denied", Label: "Denied networks", Value: f.Denied, Placeholder: "192.0.2.128/25",
			Hint: "The key never works from here, even inside an allowed network. Up to 50 networks in all."},
	}
	if len(services) == 0 {
		form.ServicesHint = "No other service is registered yet. " + form.ServicesHint
	}
	if refusal != nil {
		form.Error, form.ServicesError = refusal.Problem("AccessLevel"), refusal.Problem("Services")
		form.Allowed.Error, form.Denied.Error = refusal.Problem("AllowedNetworks"), refusal.Problem("DeniedNetworks")
	}
	form.Open = form.ReadOnly || len(f.Services) > 0 || f.Allowed != "" || f.Denied != "" || form.Error != ""
	return form
}

// serviceChoices are the services that there are, and those that were chosen
// though there are none of that name: what was typed must not get lost.
func (f accessForm) serviceChoices(services []string) (choices []views.Check) {
	add := func(name, label, text string) {
		choices = append(choices, views.Check{Name: "services", Value: name, Label: label, Text: text, Checked: slices.Contains(f.Services, name)})
	}
	add(models.OwnService, models.OwnService, "Keyport’s own REST API")
	for _, name := range services {
		add(name, name, "")
	}
	for i, name := range f.Services {
		if name != models.OwnService && !slices.Contains(services, name) && !slices.Contains(f.Services[:i], name) {
			add(name, name, "Not registered")
		}
	}
	return choices
}
