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

// AuditSettingsPath is Configuration → Settings → Audit retention.
const AuditSettingsPath = "/configuration/settings/audit"

// AuditSettings serves the page with how long events are kept.
type AuditSettings struct {
	Store    *store.Store
	Sessions Sessions
}

// Show shows the page.
func (h *AuditSettings) Show(c echo.Context) error {
	stored, err := h.Store.AuditSettings(c.Request().Context())
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.AuditSettingsPage(auditSettings(c, stored.Version, strconv.Itoa(stored.RetentionDays), nil)))
}

// Update saves the page.
func (h *AuditSettings) Update(c echo.Context) error {
	version, _ := strconv.ParseInt(c.FormValue("version"), 10, 64)
	typed := c.FormValue("days")
	ctx := c.Request().Context()
	saved, err := h.Store.SaveAuditSettings(ctx, models.AuditSettings{Version: version, RetentionDays: models.ParseDays(typed)})
	switch models.KindOf(err) {
	case models.Invalid:
		return repairAuditSettings(c, auditSettings(c, version, typed, models.Refusal(err)), http.StatusUnprocessableEntity)
	case models.Conflict:
		stored, failed := h.Store.AuditSettings(ctx)
		if failed != nil {
			return failed
		}
		return repairAuditSettings(c, auditSettings(c, stored.Version, typed, models.Refusal(err)), http.StatusConflict)
	}
	if err != nil {
		return err
	}
	notice := views.Notice{Tone: views.ToneOK, Title: "Settings saved", Text: "Events are kept for " + count(saved.RetentionDays, "day") + " from now on."}
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, AuditSettingsPath)
}

func repairAuditSettings(c echo.Context, props views.AuditSettings, status int) error {
	return renderEither(c, status,
		func() templ.Component { return views.AuditSettingsPage(props) },
		func() templ.Component { return views.AuditSettingsMain(props) })
}

func auditSettings(c echo.Context, version int64, typed string, refusal *models.Error) views.AuditSettings {
	props := views.AuditSettings{
		Shell: shellOf(c, "Audit retention", views.AreaConfiguration, AuditSettingsPath), Path: AuditSettingsPath,
		History: history(c, models.ParamDocument, models.AuditRetentionID), Version: strconv.FormatInt(version, 10),
		Days: views.Field{Name: "days", ID: "days", Label: "Keep events for (days)", Type: "number", Value: typed, Min: strconv.Itoa(models.MinRetentionDays),
			Max: strconv.Itoa(models.MaxRetentionDays), Required: true, Hint: "From 1 to 3,660 days. It was " + strconv.Itoa(models.DefaultRetentionDays) + " when Keyport was installed."},
	}
	if refusal != nil {
		props.Shell.Title, props.Title = "Error: "+props.Shell.Title, "Nothing was saved"
		props.Days.Error = refusal.Problem("EventRetentionDays")
		props.Problems = problemsFor(refusal, map[string]string{"EventRetentionDays": "days"})
		if len(props.Problems) == 0 {
			props.Problems = []views.Problem{{Message: refusal.Message}}
		}
	}
	return props
}
