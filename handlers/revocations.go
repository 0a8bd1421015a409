package handlers

import (
	"crypto/rand"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// revocationPath is the page of a revocation.
func revocationPath(id int64) string {
	return AllKeysPath + "/revocations/" + strconv.FormatInt(id, 10)
}

// statusStopPolling tells htmx that there is nothing more to ask for.
const statusStopPolling = 286

// PreviewMany shows what revoking all listed keys would do.
func (h *AllKeys) PreviewMany(c echo.Context) error {
	q, err := h.query(c)
	if err != nil {
		return err
	}
	if len(q.problems) > 0 {
		return h.repair(c, q)
	}
	props, err := h.question(c, models.RevocationWish{Selection: q.selection, Query: q.search.Values().Encode(), FormID: rand.Text()})
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.RevocationFormPage(props))
}

// RevokeMany starts to revoke the keys that were shown.
func (h *AllKeys) RevokeMany(c echo.Context) error {
	selection, ok := models.ParseKeySelection(c.FormValue("selection"))
	shown, err := strconv.Atoi(c.FormValue("shown"))
	if !ok || err != nil {
		return models.InvalidField("", "This form was damaged on its way. Choose the keys again.")
	}
	wish := models.RevocationWish{Selection: selection, Query: c.FormValue("query"), Reason: c.FormValue("reason"), Shown: shown, FormID: c.FormValue("form_id")}
	started, err := h.Store.StartRevocation(c.Request().Context(), wish)
	switch models.KindOf(err) {
	case models.Invalid:
		return h.askAgain(c, wish, models.Refusal(err), http.StatusUnprocessableEntity)
	case models.Conflict:
		return h.askAgain(c, wish, models.Refusal(err), http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return seeOther(c, revocationPath(started.ID))
}

// askAgain shows the form with what was typed, what is wrong, and the keys that
// the same filters choose now.
func (h *AllKeys) askAgain(c echo.Context, wish models.RevocationWish, refusal *models.Error, status int) error {
	settings, err := h.Store.AuthSettings(c.Request().Context())
	if err != nil {
		return err
	}
	search, ok := searchOf(wish.Query)
	if !ok {
		return refusal
	}
	wish.Selection = search.Selection(h.Store.Now(), zoneOf(c), settings.APIKeyMaximumDays)
	props, err := h.question(c, wish)
	if err != nil {
		return err
	}
	props.Shell.Title = "Error: " + props.Shell.Title
	props.Reason.Error = refusal.Problem("Reason")
	props.Title, props.Problems = "Nothing was revoked", problemsFor(refusal, map[string]string{"Reason": "reason"})
	if len(props.Problems) == 0 {
		props.Problems = []views.Problem{{Message: refusal.Message}}
	}
	return renderEither(c, status,
		func() templ.Component { return views.RevocationFormPage(props) },
		func() templ.Component { return views.RevocationFormMain(props) })
}

func (h *AllKeys) question(c echo.Context, wish models.RevocationWish) (views.RevocationForm, error) {
	zone, list := zoneOf(c), listOf(wish.Query)
	preview, err := h.Store.PreviewRevocation(c.Request().Context(), wish.Selection)
	if err != nil {
		return views.RevocationForm{}, err
	}
	reason, _ := models.CleanText(wish.Reason, "", models.MaxReason)
	props := views.RevocationForm{
		Shell: shellOf(c, "Revoke "+found(preview.Keys), views.AreaConfiguration, AllKeysPath), Crumbs: []views.Crumb{{Path: list, Label: "API Keys"}},
		ListPath: list, Path: AllKeysPath + "/revocations", Count: found(preview.Keys), Refused: tooManyOrNone(preview.Keys),
		Chosen: describeSelection(wish.Query),
		Reason: views.Field{Name: "reason", ID: "reason", Label: "Reason", Value: reason, Required: true, MaxLength: models.MaxReason, Autocomplete: "off",
			Hint: "It stands in the audit trail of each key."},
		Hidden: []views.Pair{{Name: "selection", Value: wish.Selection.String()}, {Name: "query", Value: wish.Query},
			{Name: "shown", Value: strconv.Itoa(preview.Keys.N)}, {Name: "form_id", Value: wish.FormID}},
	}
	if props.Refused == nil {
		props.Facts = []views.Fact{{Label: "Keys", Text: keysAndUse(preview)}, {Label: "Owners", Text: thousands(preview.Owners)}}
	}
	for _, k := range preview.Sample {
		row := ownedKeyRow(k, h.Store.Now(), zone)
		row.RevokePath = ""
		props.Sample = append(props.Sample, row)
	}
	if rest := preview.Keys.N - len(props.Sample); rest > 0 {
		props.Rest = "And " + thousands(rest) + " more."
	}
	return props, nil
}

// keysAndUse is the figure that may change somebody's mind.
func keysAndUse(p models.RevocationPreview) string {
	return found(p.Keys) + ", " + thousands(p.UsedToday) + " used in the last 24 hours"
}

func tooManyOrNone(n models.Bounded) *views.Notice {
	switch {
	case n.More:
		return &views.Notice{Tone: views.ToneWarn, Title: "These are too many keys", Text: "At most " + thousands(models.MaxRevocation) + " keys can be revoked at once. Choose fewer by a narrower filter."}
	case n.N == 0:
		return &views.Notice{Tone: views.ToneInfo, Title: "There is nothing to revoke", Text: "None of these keys works any more."}
	}
	return nil
}

// ShowRevocation shows how far a revocation is, and in the end what became of
// each key.
func (h *AllKeys) ShowRevocation(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return models.Missing("revocation")
	}
	r, err := h.Store.Revocation(ctx, id)
	if err != nil {
		return err
	}
	props := h.progress(c, r)
	if !r.Running() {
		if err := h.outcomes(c, r, &props); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if WantsFragment(c.Request()) && !r.Running() {
		status = statusStopPolling
	}
	return renderEither(c, status,
		func() templ.Component { return views.RevocationProgressPage(props) },
		func() templ.Component { return views.RevocationRegion(props) })
}

func (h *AllKeys) progress(c echo.Context, r models.Revocation) views.RevocationPage {
	list, path := listOf(r.Query), revocationPath(r.ID)
	title := "Revoking " + count(r.Total, "key")
	if !r.Running() {
		title = "Revocation of " + count(r.Total, "key")
	}
	return views.RevocationPage{
		Shell: shellOf(c, title, views.AreaConfiguration, AllKeysPath), Crumbs: []views.Crumb{{Path: list, Label: "API Keys"}}, ListPath: list, Path: path,
		Title: title, Reason: r.Reason, By: r.Username + ", " + r.StartedAt.In(zoneOf(c)).Format("2 Jan 2006, 15:04"),
		Running: r.Running(), Done: r.Done(), Total: r.Total,
		Status: thousands(r.Done()) + " of " + count(r.Total, "key") + " dealt with",
	}
}

// outcomeWords say what became of a key.
var outcomeWords = map[models.Outcome]struct {
	label string
	tone  views.Tone
}{
	models.OutcomeRevoked: {"Revoked", views.ToneOK},
	models.OutcomeEnded:   {"Had ended before", views.ToneNone},
	models.OutcomeChanged: {"Left alone: changed or used since it was shown", views.ToneWarn},
	models.OutcomeGone:    {"Deleted with its owner", views.ToneNone},
	"":                    {"Left alone: the revocation stopped before", views.ToneWarn},
}

func (h *AllKeys) outcomes(c echo.Context, r models.Revocation, props *views.RevocationPage) error {
	skip, _ := strconv.Atoi(c.QueryParam("skip"))
	skip = min(max(skip, 0), r.Total)
	keys, counts, err := h.Store.RevocationKeys(c.Request().Context(), r.ID, models.Page{Skip: skip, Take: models.PageSize})
	if err != nil {
		return err
	}
	if skip == 0 {
		props.Result = resultOf(r)
	}
	if skip == 0 && r.Revoked > 0 {
		props.Result.Receipt = props.Path + "/receipt"
	}
	for _, o := range []models.Outcome{models.OutcomeRevoked, models.OutcomeChanged, models.OutcomeEnded, models.OutcomeGone, ""} {
		if n := counts[o]; n > 0 {
			props.Outcomes = append(props.Outcomes, views.Fact{Label: outcomeWords[o].label, Text: count(n, "key")})
		}
	}
	for _, k := range keys {
		row := views.OutcomeRow{Purpose: k.Purpose, Hint: k.ID, Outcome: outcomeWords[k.Outcome].label, Tone: outcomeWords[k.Outcome].tone}
		if k.Purpose == "" {
			row.Purpose, row.Owner = "A key that is gone", "Nobody"
		} else {
			row.Hint, row.Owner = k.Hint(), k.Owner.Name()
		}
		props.Rows = append(props.Rows, row)
	}
	props.Pager = outcomePager(props.Path, skip, len(keys), r.Total)
	return nil
}

func outcomePager(path string, skip, rows, total int) views.Pager {
	if total <= models.PageSize {
		return views.Pager{}
	}
	p := views.Pager{Text: thousands(skip+1) + " to " + thousands(skip+rows) + " of " + thousands(total)}
	if skip > 0 {
		p.Previous = path + "?skip=" + strconv.Itoa(max(0, skip-models.PageSize))
	}
	if skip+rows < total {
		p.Next = path + "?skip=" + strconv.Itoa(skip+rows)
	}
	return p
}

func resultOf(r models.Revocation) *views.Notice {
	switch {
	case r.Stopped != "":
		return &views.Notice{Tone: views.ToneBad, Title: "The revocation stopped after " + count(r.Done(), "key"), Text: r.Stopped + " The other keys were left alone."}
	case r.Skipped > 0:
		return &views.Notice{Tone: views.ToneWarn, Title: count(r.Revoked, "key") + " revoked, " + thousands(r.Skipped) + " left alone", Text: "The list says why."}
	}
	return &views.Notice{Tone: views.ToneOK, Title: count(r.Revoked, "key") + " revoked", Text: "Anything that still uses one of them is refused from now on."}
}

// listOf is the address of the list that keys were chosen in.
func listOf(query string) string {
	if query == "" {
		return AllKeysPath
	}
	return AllKeysPath + "?" + query
}
