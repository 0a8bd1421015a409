package handlers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// subscriptionForm is the form of a subscription as it was typed.
type subscriptionForm struct {
	wish    models.SubscriptionWish
	every   string
	timeout string
	users   string
	header  string
}

// emailPeriods are the choices of how often mail goes out.
var emailPeriods = []struct {
	value time.Duration
	label string
}{{0, "At once, each event by itself"}, {time.Hour, "Every hour"}, {6 * time.Hour, "Every 6 hours"}, {24 * time.Hour, "Every day"}, {7 * 24 * time.Hour, "Every week"}}

// subscriptionFieldIDs are the inputs that problems point at.
var subscriptionFieldIDs = map[string]string{"Name": "name", "Filter": "users", "EmailTeams": "teams", "EmailFrequencyPeriod": "every", "EmailPriority": "priority",
	"EmailShowDatesInTimeZoneId": "zone", "WebhookURI": "url", "WebhookHeaderKey": "header-name", "WebhookHeaderValue": "header-value", "WebhookTimeout": "timeout"}

func (h *Subscriptions) readForm(c echo.Context) subscriptionForm {
	_ = c.FormValue("") // reads the form
	sent := c.Request().PostForm
	f := subscriptionForm{every: c.FormValue("every"), timeout: c.FormValue("timeout"), users: c.FormValue("users"), header: c.FormValue("header-value")}
	f.wish = models.SubscriptionWish{Name: c.FormValue("name"), EmailPriority: models.EmailPriority(c.FormValue("priority")), EmailTimeZone: c.FormValue("zone"),
		WebhookURL: c.FormValue("url"), WebhookHeader: c.FormValue("header-name")}
	f.wish.Filter = models.EventFilter{EventGroups: sent["group"], EventCategories: sent["kind"], DocumentTypes: sent["document"], Users: strings.FieldsFunc(f.users, func(r rune) bool { return r == ',' || r == ' ' })}
	for _, id := range sent["team"] {
		if team, ok := models.ParseTeamID(id); ok {
			f.wish.EmailTeamIDs = append(f.wish.EmailTeamIDs, team)
		}
	}
	hours, err := strconv.ParseFloat(f.every, 64)
	if f.wish.EmailEvery = time.Duration(hours * float64(time.Hour)); err != nil || hours < 0 || hours > 1000 {
		f.wish.EmailEvery = -1
	}
	seconds, err := strconv.Atoi(strings.TrimSpace(f.timeout))
	if f.wish.WebhookTimeout = time.Duration(min(max(seconds, 0), 1000)) * time.Second; err != nil || seconds <= 0 {
		f.wish.WebhookTimeout = -1
	}
	if f.header != "" {
		f.wish.WebhookHeaderValue = &f.header
	}
	return f
}

func formOfSubscription(s models.Subscription) subscriptionForm {
	return subscriptionForm{users: strings.Join(s.Filter.Users, ", "), every: hoursOf(s.EmailEvery), timeout: strconv.Itoa(int(s.WebhookTimeout / time.Second)), wish: models.SubscriptionWish{
		Name: s.Name, IsDisabled: s.IsDisabled, Filter: s.Filter, EmailTeamIDs: s.EmailTeamIDs, EmailEvery: s.EmailEvery, EmailPriority: s.EmailPriority, EmailTimeZone: s.EmailTimeZone,
		WebhookURL: s.WebhookURL, WebhookTeamIDs: s.WebhookTeamIDs, WebhookTimeout: s.WebhookTimeout, WebhookHeader: s.WebhookHeader}}
}

func hoursOf(d time.Duration) string { return strconv.FormatFloat(d.Hours(), 'f', -1, 64) }

// fields shows the inputs: as they were typed, with what is wrong.
func (h *Subscriptions) fields(c echo.Context, f subscriptionForm, stored *models.Subscription, refusal *models.Error) (views.SubscriptionForm, error) {
	w := f.wish
	p := views.SubscriptionForm{ListPath: SubscriptionsPath, BuiltIn: stored != nil && stored.BuiltIn == models.OwnKeys,
		Name: views.Field{Name: "name", Label: "Name", Value: w.Name, MaxLength: models.MaxSubscriptionName, Required: true, Autocomplete: "off"},
		Users: views.Field{Name: "users", Label: "Only about these users", Value: f.users, Autocomplete: "off", MaxLength: 2000,
			Hint: "Optional. Ids such as Users-7, with commas between them: of who acted, or whom it is about."},
		URL: views.Field{Name: "url", Label: "Address", Type: "url", Value: w.WebhookURL, MaxLength: models.MaxWebhookURL, Autocomplete: "off", Placeholder: "https://hooks.example.com/keyport",
			Hint: "Optional. Each event is sent by a POST of its own, signed by Standard Webhooks."},
		HeaderKey: views.Field{Name: "header-name", Label: "Header to send along", Value: w.WebhookHeader, MaxLength: models.MaxHeaderName, Autocomplete: "off", Placeholder: "Authorization"},
		Header:    views.Field{Name: "header-value", Label: "Value of the header", Type: "password", MaxLength: models.MaxHeaderValue, Autocomplete: "off", Hint: headerHint(stored)},
		Timeout:   views.Field{Name: "timeout", Label: "Timeout in seconds", Type: "number", Value: f.timeout, Min: "1", Max: "15"},
		Every:     views.Dropdown{Field: views.Field{Name: "every", Label: "How often"}}, Priority: views.Dropdown{Field: views.Field{Name: "priority", Label: "Priority"}}, Zone: views.Dropdown{Field: views.Field{Name: "zone", Label: "Time zone of the dates", Hint: "Mail that is sent every day goes out at midnight in it."}},
	}
	h.choices(&p, f)
	teams, err := h.Store.Teams(c.Request().Context())
	if models.KindOf(err) == models.Forbidden {
		teams, err = nil, nil // teams that the reader may not see stay as they are only if sent; he sees none to choose
	}
	for _, t := range teams {
		p.Teams = append(p.Teams, views.Check{Name: "team", Value: t.PublicID(), Label: t.Name, Checked: slices.Contains(w.EmailTeamIDs, t.ID)})
	}
	if refusal != nil {
		p.Problems = problemsFor(refusal, subscriptionFieldIDs)
		p.Title = attention(len(p.Problems))
		for field, into := range map[string]*string{"Name": &p.Name.Error, "Filter": &p.Users.Error, "WebhookURI": &p.URL.Error, "WebhookHeaderKey": &p.HeaderKey.Error, "WebhookTimeout": &p.Timeout.Error,
			"EmailFrequencyPeriod": &p.Every.Field.Error, "EmailPriority": &p.Priority.Field.Error, "EmailShowDatesInTimeZoneId": &p.Zone.Field.Error} {
			*into = refusal.Problem(field)
		}
	}
	return p, err
}

func headerHint(stored *models.Subscription) string {
	if stored != nil && stored.WebhookHeaderBox != nil {
		return "A value is stored, and never shown. Leave this empty to keep it; another address forgets it."
	}
	return "Stored encrypted, and never shown."
}

func (h *Subscriptions) choices(p *views.SubscriptionForm, f subscriptionForm) {
	w := f.wish
	for _, g := range models.EventGroups {
		p.Groups = append(p.Groups, views.Check{Name: "group", Value: g.ID, Label: g.Name, Checked: slices.Contains(w.Filter.EventGroups, g.ID)})
	}
	for _, k := range models.Categories {
		p.Kinds = append(p.Kinds, views.Check{Name: "kind", Value: string(k.ID), Label: k.Name, Checked: slices.Contains(w.Filter.EventCategories, string(k.ID))})
	}
	for _, d := range models.DocumentKinds {
		p.Documents = append(p.Documents, views.Check{Name: "document", Value: d.ID, Label: d.Name, Checked: slices.Contains(w.Filter.DocumentTypes, d.ID)})
	}
	for _, e := range emailPeriods {
		p.Every.Options = append(p.Every.Options, views.Option{Value: hoursOf(e.value), Label: e.label, Selected: e.value == w.EmailEvery})
	}
	if !slices.ContainsFunc(p.Every.Options, func(o views.Option) bool { return o.Selected }) && w.EmailEvery > 0 {
		p.Every.Options = append(p.Every.Options, views.Option{Value: hoursOf(w.EmailEvery), Label: "Every " + w.EmailEvery.String(), Selected: true})
	}
	for _, priority := range []models.EmailPriority{models.PriorityLow, models.PriorityNormal, models.PriorityHigh} {
		p.Priority.Options = append(p.Priority.Options, views.Option{Value: string(priority), Label: string(priority), Selected: priority == w.EmailPriority || w.EmailPriority == "" && priority == models.PriorityNormal})
	}
	zones := models.Zones()
	if w.EmailTimeZone != "" && !slices.Contains(zones, w.EmailTimeZone) { // an alias, which a browser may report
		zones = append(zones, w.EmailTimeZone)
	}
	for _, zone := range zones {
		p.Zone.Options = append(p.Zone.Options, views.Option{Value: zone, Label: zone, Selected: zone == w.EmailTimeZone})
	}
}

// keep carries over what the form has no inputs for.
func (f *subscriptionForm) keep(stored models.Subscription) {
	f.wish.IsDisabled, f.wish.WebhookTeamIDs = stored.IsDisabled, stored.WebhookTeamIDs
	was := stored.Filter
	f.wish.Filter.EventAgents, f.wish.Filter.Projects, f.wish.Filter.ProjectGroups = was.EventAgents, was.Projects, was.ProjectGroups
	f.wish.Filter.Environments, f.wish.Filter.Tenants, f.wish.Filter.Tags = was.Environments, was.Tenants, was.Tags
	for _, group := range was.EventGroups {
		if !knownGroup(group) {
			f.wish.Filter.EventGroups = append(f.wish.Filter.EventGroups, group)
		}
	}
}

func knownGroup(id string) bool {
	return slices.ContainsFunc(models.EventGroups, func(g models.EventGroup) bool { return g.ID == id })
}
