package handlers

import (
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// rotationForm is the form Rotate as it was typed.
type rotationForm struct {
	FormID  string
	Expiry  expiryForm
	Overlap string // a number of days, customChoice or firstUse
	Days    string // the number, with customChoice
}

const (
	firstUse  = "first-use" // the overlap that is no number of days
	usualDays = 7           // what the form proposes: time to notice who was forgotten
)

// rotationFieldIDs are the inputs that problems point at.
var rotationFieldIDs = map[string]string{"Expires": "expires", "Overlap": "overlap"}

func readRotationForm(c echo.Context) rotationForm {
	return rotationForm{FormID: readFormID(c), Expiry: readExpiryForm(c), Overlap: c.FormValue("overlap"), Days: c.FormValue("days")}
}

// wish reads what was asked for. A number that can't be read is refused by the
// rule, together with whatever else is wrong.
func (f rotationForm) wish() models.Rotation {
	wish := models.Rotation{Expires: f.Expiry.wish(), FormID: f.FormID}
	typed := f.Overlap
	switch typed {
	case firstUse:
		wish.UntilUsed = true
		return wish
	case customChoice:
		typed = f.Days
	}
	days, err := strconv.Atoi(typed)
	wish.BadlyWritten = err != nil || days < 0 || days > models.MaxOverlapDays
	if !wish.BadlyWritten {
		wish.Overlap = time.Duration(days) * 24 * time.Hour
	}
	return wish
}

// rotation shows the form: with what is usual at first, or as it was typed with
// what is wrong.
func (h *Keys) rotation(c echo.Context, owner keyOwner, key models.APIKey, f rotationForm, refusal *models.Error) (views.RotationForm, error) {
	ctx, now, zone := c.Request().Context(), h.Store.Now(), f.Expiry.zone()
	settings, err := h.Store.AuthSettings(ctx)
	if err != nil {
		return views.RotationForm{}, err
	}
	props := views.RotationForm{
		Shell: owner.shell(c, "Rotate "+key.Purpose), Owner: owner.name, Crumbs: append(owner.below(), views.Crumb{Path: owner.keyPath(key), Label: key.Purpose}),
		Path: owner.rotationPath(key), KeyPath: owner.keyPath(key), Key: owner.row(key, now, zone), Sentence: key.Sentence(now, zone),
		FormID: models.NewToken(), Expiry: f.Expiry.show(settings.Policy(), now, refusal), Overlap: f.overlap(key, now, refusal),
	}
	props.Expiry.Legend = "The new key expires"
	if refusal == nil {
		return props, nil
	}
	if refusal.Kind != models.Invalid || refusal.Problem("Key") != "" {
		props.Over, err = h.rotationOver(c, owner, key, refusal)
		return props, err
	}
	props.Shell.Title = "Error: " + props.Shell.Title
	props.Problems = problemsFor(refusal, rotationFieldIDs)
	props.Title = attention(len(props.Problems))
	return props, nil
}

func (f rotationForm) overlap(key models.APIKey, now time.Time, refusal *models.Error) views.OverlapForm {
	zone, chosen := f.Expiry.zone(), f.Overlap
	if chosen == "" {
		chosen = strconv.Itoa(usualDays)
	}
	end := func(days int) time.Time { return key.EndingAt(now.Add(time.Duration(days) * 24 * time.Hour)) }
	props := views.OverlapForm{CustomOn: chosen == customChoice, LastDay: models.LastDay(key.ExpiresAt, zone),
		Latest: "0 to 30, so until " + models.LastDay(end(models.MaxOverlapDays), zone) + " at the latest",
		Custom: views.Field{Name: "days", ID: "overlap", Label: "Days that the old key goes on", Type: "number", Value: f.Days, Min: "0", Max: strconv.Itoa(models.MaxOverlapDays)}}
	add := func(value, label, text string) {
		props.Choices = append(props.Choices, views.OverlapChoice{Value: value, Label: label, Text: text, Checked: value == chosen})
	}
	add("0", "Ends at once", "Whatever uses it is refused from then on")
	for _, days := range []int{1, usualDays, models.MaxOverlapDays} {
		add(strconv.Itoa(days), "Goes on for "+count(days, "day"), worksUntil(key, end(days), zone))
	}
	add(firstUse, "Goes on until the new one is first used", "Ends a minute or so after that, at the latest on "+models.LastDay(key.ExpiresAt, zone))
	if props.Custom.Value == "" {
		props.Custom.Value = "14"
	}
	if refusal != nil {
		props.Error = refusal.Problem("Overlap")
	}
	return props
}

// worksUntil says when a key that is rotated ends.
func worksUntil(key models.APIKey, end time.Time, zone *time.Location) string {
	if end.Equal(key.ExpiresAt) {
		return "Works until its own end, " + models.LastDay(end, zone)
	}
	return "Works until " + models.LastDay(end, zone)
}
