package handlers

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// keyForm is the form New API key as it was typed.
type keyForm struct {
	FormID  string
	Zone    string // the zone that the page named, so that the day ends where the reader was told
	Purpose string
	Expiry  string // a number of days, or customExpiry
	Date    string // 2027-05-22
	Access  accessForm

	zoneLost bool // the form named a zone that is none, so nobody knows which day was meant
}

const customExpiry = "custom"

// keyFieldIDs are the inputs that problems point at.
var keyFieldIDs = map[string]string{"Purpose": "purpose", "Expires": "expires",
	"AccessLevel": "access-level", "Services": "services", "AllowedNetworks": "allowed", "DeniedNetworks": "denied"}

func readKeyForm(c echo.Context) keyForm {
	f := keyForm{
		FormID: c.FormValue("form_id"), Zone: c.FormValue("zone"), Purpose: c.FormValue("purpose"),
		Expiry: c.FormValue("expiry"), Date: c.FormValue("date"),
		Access: readAccessForm(c),
	}
	if len(f.FormID) > 64 || strings.Trim(f.FormID, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		f.FormID = "" // not one of ours: the form still works, but can be sent twice
	}
	if _, ok := models.ParseZone(f.Zone); !ok {
		f.Zone, f.zoneLost = zoneOf(c).String(), f.Zone != ""
	}
	return f
}

func (f keyForm) zone() *time.Location { return models.ZoneOr(f.Zone) }

// wish reads what was asked for. A date or number that can't be read becomes a
// wish that the rule refuses, so that all problems are told at once.
func (f keyForm) wish() models.NewKey {
	wish := models.NewKey{Purpose: f.Purpose, FormID: f.FormID, Access: f.Access.wish()}
	if f.zoneLost {
		wish.Expires = models.UnreadableExpiry("The time zone of this form is not known. The dates are now shown in " + f.Zone + ": choose again.")
		return wish
	}
	if f.Expiry != customExpiry {
		wish.Expires = models.ExpiresInDays(models.ParseDays(f.Expiry), f.zone())
		return wish
	}
	date, err := models.ParseDate(f.Date)
	if err != nil {
		wish.Expires = models.UnreadableExpiry("Choose a date that the calendar has, in the form 2027-05-22.")
		return wish
	}
	wish.Expires = models.ExpiresOn(date, f.zone())
	return wish
}

// form shows the form: empty at first, or as it was typed with what is wrong.
func (h *Keys) form(c echo.Context, owner keyOwner, f keyForm, settings models.AuthSettings, refusal *models.Error) views.NewKeyForm {
	policy, now, zone := settings.Policy(), h.Store.Now(), f.zone()
	today, last := models.DateIn(now, zone), policy.LastDay(now, zone)
	props := views.NewKeyForm{
		Shell: owner.shell(c, "New API key"), Owner: owner.name, Crumbs: owner.below(),
		Path: owner.path, ListPath: owner.path,
		FormID: models.NewToken(), Zone: f.Zone,
		Purpose: views.Field{Name: "purpose", ID: "purpose", Label: "Purpose", Type: "text", Value: f.Purpose, MaxLength: models.MaxPurpose,
			Required: true, Autocomplete: "off", Placeholder: "Release pipeline on build-04",
			Hint: "What uses this key, and where it runs. You will see this in the audit trail."},
		Access:   f.Access.show(refusal),
		Custom:   views.Field{Name: "date", ID: "expires", Label: "Expiry date", Type: "date", Value: f.Date, Min: today.String(), Max: last.String()},
		CustomOn: f.Expiry == customExpiry, CustomHint: "Up to " + last.Words(),
		Hint: "Works until the end of the chosen day, 23:59:59 in " + zone.String() + ".",
	}
	if f.Date == "" {
		props.Custom.Value = today.AddDays(min(90, policy.MaximumDays)).String()
	}
	props.Choices = expiryChoices(f, policy, now)
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
		props.Purpose.Error, props.Error = refusal.Problem("Purpose"), refusal.Problem("Expires")
		props.Problems = problemsFor(refusal, keyFieldIDs)
		props.Title = attention(len(props.Problems))
		if props.CustomOn {
			props.Custom.Error = props.Error
		}
	}
	return props
}

func expiryChoices(f keyForm, policy models.Policy, now time.Time) []views.ExpiryChoice {
	zone := f.zone()
	chosen := f.Expiry
	if chosen == "" {
		chosen = strconv.Itoa(policy.DefaultDays)
	}
	var choices []views.ExpiryChoice
	for _, days := range policy.Presets() {
		date := models.DateIn(now, zone).AddDays(days)
		end, _ := date.EndIn(zone)
		choice := views.ExpiryChoice{Value: strconv.Itoa(days), Label: count(days, "day"), Checked: strconv.Itoa(days) == chosen,
			Ends: views.Moment{Machine: machine(end), Text: date.Weekday()}}
		switch days {
		case policy.DefaultDays:
			choice.Mark = "Default"
		case policy.MaximumDays:
			choice.Mark = "Max"
		}
		choices = append(choices, choice)
	}
	return choices
}
