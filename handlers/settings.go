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

// AuthSettingsPath is Configuration → Settings → Authentication.
const AuthSettingsPath = "/configuration/settings/authentication"

// AuthSettings serves the page with the key policy.
type AuthSettings struct {
	Store    *store.Store
	Sessions Sessions
	SignOn   views.SignOnSettings // how single sign-on is configured, for looking at
}

// authForm is the page as it was typed. The numbers stay text, so that what a
// person typed comes back to him unchanged.
type authForm struct {
	Version          int64
	Default, Maximum string
	UserKeys         bool
}

func formOf(s models.AuthSettings) authForm {
	return authForm{s.Version, strconv.Itoa(s.APIKeyDefaultDays), strconv.Itoa(s.APIKeyMaximumDays), s.UserAPIKeys}
}

func readAuthForm(c echo.Context) authForm {
	version, _ := strconv.ParseInt(c.FormValue("version"), 10, 64)
	return authForm{version, c.FormValue("default"), c.FormValue("maximum"), c.FormValue("user-keys") == "on"}
}

func (f authForm) settings() models.AuthSettings {
	return models.AuthSettings{Version: f.Version, UserAPIKeys: f.UserKeys,
		APIKeyDefaultDays: models.ParseDays(f.Default), APIKeyMaximumDays: models.ParseDays(f.Maximum)}
}

// Show shows the page.
func (h *AuthSettings) Show(c echo.Context) error {
	stored, err := h.Store.AuthSettings(c.Request().Context())
	if err != nil {
		return err
	}
	props, err := h.page(c, stored, formOf(stored), nil)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.AuthSettingsPage(props))
}

// Update saves the page. Whoever saves later than somebody else is told, and
// sees the other's values beside his own before he decides.
func (h *AuthSettings) Update(c echo.Context) error {
	form := readAuthForm(c)
	_, err := h.Store.SaveAuthSettings(c.Request().Context(), form.settings())
	switch models.KindOf(err) {
	case models.Invalid:
		return h.repair(c, form, models.Refusal(err), http.StatusUnprocessableEntity)
	case models.Conflict:
		return h.repair(c, form, models.Refusal(err), http.StatusConflict)
	}
	if err != nil {
		return err
	}
	if err := h.Sessions.Flash(c, views.Notice{Tone: views.ToneOK, Title: "Settings saved", Text: "They apply to every key made from now on.", Receipt: AuthSettingsPath + "/receipt"}); err != nil {
		return err
	}
	return seeOther(c, AuthSettingsPath)
}

func (h *AuthSettings) repair(c echo.Context, form authForm, refusal *models.Error, status int) error {
	stored, err := h.Store.AuthSettings(c.Request().Context())
	if err != nil {
		return err
	}
	props, err := h.page(c, stored, form, refusal)
	if err != nil {
		return err
	}
	return renderEither(c, status,
		func() templ.Component { return views.AuthSettingsPage(props) },
		func() templ.Component { return views.AuthSettingsMain(props) })
}

// Impact answers one of the live lines below the limits, while a number is
// being typed.
func (h *AuthSettings) Impact(c echo.Context) error {
	for name, id := range map[string]string{"default": "default-impact", "maximum": "maximum-impact"} {
		if !c.QueryParams().Has(name) {
			continue
		}
		impact, err := h.impact(c, name, models.ParseDays(c.QueryParam(name)))
		if err != nil {
			return err
		}
		return render(c, http.StatusOK, views.ImpactLine(id, impact))
	}
	return models.InvalidField("", "Name the limit to look at: default or maximum.")
}

// authFieldIDs are the inputs that problems point at.
var authFieldIDs = map[string]string{"ApiKeyDefaultExpiryDays": "default", "ApiKeyMaxExpiryDays": "maximum"}

func (h *AuthSettings) page(c echo.Context, stored models.AuthSettings, f authForm, refusal *models.Error) (views.AuthSettings, error) {
	props := views.AuthSettings{
		Shell: shellOf(c, "Authentication settings", views.AreaConfiguration, AuthSettingsPath),
		Path:  AuthSettingsPath, ImpactPath: AuthSettingsPath + "/impact",
		Version: strconv.FormatInt(stored.Version, 10),
		Default: daysField("default", "Default expiry", f.Default, stored.APIKeyMaximumDays,
			"From 1 to the maximum. The default was "+strconv.Itoa(models.InitialDefaultDays)+" when Keyport was installed."),
		Maximum: daysField("maximum", "Maximum expiry", f.Maximum, models.CeilingDays,
			"From 1 to "+strconv.Itoa(models.CeilingDays)+" days. Not shorter than the default."),
		DefaultWas: changed(f.Default, stored.APIKeyDefaultDays), MaximumWas: changed(f.Maximum, stored.APIKeyMaximumDays),
		UserKeys: f.UserKeys, UserKeysWas: stored.UserAPIKeys,
		SignOn: h.SignOn, History: history(c, models.ParamDocument, models.AuthenticationSettingsID),
	}
	if typed := models.ParseDays(f.Maximum); typed > 0 && typed <= models.CeilingDays {
		props.Default.Max = strconv.Itoa(typed)
	}
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
		props.ProblemTitle = "Nothing was saved"
		props.Default.Error, props.Maximum.Error = refusal.Problem("ApiKeyDefaultExpiryDays"), refusal.Problem("ApiKeyMaxExpiryDays")
		props.Problems = problemsFor(refusal, authFieldIDs)
		if len(props.Problems) == 0 {
			props.Problems = []views.Problem{{Message: refusal.Message}}
		}
	}
	var err error
	if props.DefaultImpact, err = h.impact(c, "default", models.ParseDays(f.Default)); err != nil {
		return props, err
	}
	props.MaximumImpact, err = h.impact(c, "maximum", models.ParseDays(f.Maximum))
	return props, err
}

func daysField(id, label, value string, limit int, hint string) views.Field {
	return views.Field{Name: id, ID: id, Label: label, Type: "number", Value: value, Hint: hint, Min: "1", Max: strconv.Itoa(limit), Required: true}
}

// changed returns the stored value when another one is typed.
func changed(typed string, stored int) string {
	if typed == strconv.Itoa(stored) {
		return ""
	}
	return strconv.Itoa(stored)
}

// impact says what a limit would do: when a key made today would end, and how
// many keys already live longer.
func (h *AuthSettings) impact(c echo.Context, limit string, days int) (views.Impact, error) {
	if days < 1 || days > models.CeilingDays {
		return views.Impact{Text: "Enter a number of days from 1 to " + strconv.Itoa(models.CeilingDays) + "."}, nil
	}
	zone := zoneOf(c)
	last := models.DateIn(h.Store.Now(), zone).AddDays(days)
	end, _ := last.EndIn(zone)
	n, err := h.Store.CountKeysEndingAfter(c.Request().Context(), end)
	if err != nil {
		return views.Impact{}, err
	}
	if n == 0 {
		return views.Impact{Text: "A key made today would end on " + last.Weekday() + ". No existing key lives longer than this."}, nil
	}
	fact, verb := count(n, "existing key")+" live longer than this.", "They keep their dates"
	if n == 1 {
		fact, verb = "1 existing key lives longer than this.", "It keeps its date"
	}
	impact := views.Impact{Strong: fact, Text: verb + ", past " + last.Weekday() + "; the limit applies to new keys."}
	if limit == "maximum" {
		impact.Tone = views.ToneWarn
	}
	if models.ActorFrom(c.Request().Context()).May(models.UserView) {
		impact.Keys = withQuery(AllKeysPath, models.KeySearch{Status: models.KeyUsable, OverDays: days}.Values())
	}
	return impact, nil
}
