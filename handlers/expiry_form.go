package handlers

import (
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// expiryForm is the choice of an end as it was typed.
type expiryForm struct {
	Zone   string // the zone that the page named, so that the day ends where the reader was told
	Expiry string // a number of days, or customChoice
	Date   string // 2027-05-22

	zoneLost bool // the form named a zone that is none, so nobody knows which day was meant
}

// customChoice is the choice beside which a value is typed.
const customChoice = "custom"

func readExpiryForm(c echo.Context) expiryForm {
	f := expiryForm{Zone: c.FormValue("zone"), Expiry: c.FormValue("expiry"), Date: c.FormValue("date")}
	if _, ok := models.ParseZone(f.Zone); !ok {
		f.Zone, f.zoneLost = zoneOf(c).String(), f.Zone != ""
	}
	return f
}

func (f expiryForm) zone() *time.Location { return models.ZoneOr(f.Zone) }

// wish reads what was asked for. A date or number that can't be read becomes a
// wish that the rule refuses, so that all problems are told at once.
func (f expiryForm) wish() models.Wish {
	if f.zoneLost {
		return models.UnreadableExpiry("The time zone of this form is not known. The dates are now shown in " + f.Zone + ": choose again.")
	}
	if f.Expiry != customChoice {
		return models.ExpiresInDays(models.ParseDays(f.Expiry), f.zone())
	}
	date, err := models.ParseDate(f.Date)
	if err != nil {
		return models.UnreadableExpiry("Choose a date that the calendar has, in the form 2027-05-22.")
	}
	return models.ExpiresOn(date, f.zone())
}

// show shows the choice: the default at first, or as it was typed with what is
// wrong.
func (f expiryForm) show(policy models.Policy, now time.Time, refusal *models.Error) views.ExpiryForm {
	zone := f.zone()
	today, last := models.DateIn(now, zone), policy.LastDay(now, zone)
	props := views.ExpiryForm{
		Legend: "Expires", Zone: f.Zone, Choices: f.choices(policy, now),
		Custom:   views.Field{Name: "date", ID: "expires", Label: "Expiry date", Type: "date", Value: f.Date, Min: today.String(), Max: last.String()},
		CustomOn: f.Expiry == customChoice, CustomHint: "Up to " + last.Words(),
		Hint: "Works until the end of the chosen day, 23:59:59 in " + zone.String() + ".",
	}
	if f.Date == "" {
		props.Custom.Value = today.AddDays(min(90, policy.MaximumDays)).String()
	}
	if refusal != nil {
		props.Error = refusal.Problem("Expires")
	}
	if props.CustomOn {
		props.Custom.Error = props.Error
	}
	return props
}

func (f expiryForm) choices(policy models.Policy, now time.Time) []views.ExpiryChoice {
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
