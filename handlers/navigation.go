package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// navEntry is a page in the side navigation and the right that opens it, "" for
// everybody who is signed in. Routes ask for the same right.
type navEntry struct {
	link  views.NavLink
	needs models.Permission
}

var profileNav = []navEntry{
	{link: views.NavLink{Path: ProfilePath, Label: "Details", Icon: "user"}},
	{link: views.NavLink{Path: KeysPath, Label: "My API Keys", Icon: "key"}},
	{link: views.NavLink{Path: PasswordPath, Label: "Password", Icon: "lock"}},
	{link: views.NavLink{Path: MeansPath, Label: "Sign-in", Icon: "sign-in"}},
	{link: views.NavLink{Path: SessionsPath, Label: "Sessions", Icon: "monitor"}},
	{link: views.NavLink{Path: CalendarPath, Label: "Calendar", Icon: "clock"}},
	{link: views.NavLink{Path: APIReferencePath, Label: "REST API", Icon: "terminal"}},
}

var configurationNav = []navEntry{
	{views.NavLink{Path: AllKeysPath, Label: "API Keys", Icon: "key"}, models.UserView},
	{views.NavLink{Path: UsersPath, Label: "Users", Icon: "users"}, models.UserView},
	{views.NavLink{Path: TeamsPath, Label: "Teams", Icon: "team"}, models.TeamView},
	{views.NavLink{Path: ServicesPath, Label: "Services", Icon: "server"}, models.ConfigureServer},
	{views.NavLink{Path: AuditPath, Label: "Audit", Icon: "history"}, models.EventView},
	{views.NavLink{Path: TasksPath, Label: "Tasks", Icon: "clock"}, models.ConfigureServer},
	{views.NavLink{Path: SubscriptionsPath, Label: "Subscriptions", Icon: "bell"}, models.SubscriptionView},
	{views.NavLink{Label: "Settings", Icon: "gear"}, models.ConfigureServer},
	{views.NavLink{Path: AuthSettingsPath, Label: "Authentication", Sub: true}, models.ConfigureServer},
	{views.NavLink{Path: MailSettingsPath, Label: "SMTP", Sub: true}, models.ConfigureServer},
	{views.NavLink{Path: AuditSettingsPath, Label: "Audit retention", Sub: true}, models.ConfigureServer},
}

// navigation lists the entries of an area that the actor may open.
func navigation(area views.Area, actor *models.Actor) []views.NavLink {
	entries := profileNav
	if area == views.AreaConfiguration {
		entries = configurationNav
	}
	var links []views.NavLink
	for _, e := range entries {
		if e.needs == "" || actor.May(e.needs) {
			links = append(links, e.link)
		}
		if e.link.Path == KeysPath && actor.User.Caretakes {
			links = append(links, ownedAccountsLink)
		}
	}
	return links
}

// ownedAccountsLink is for members of teams that own service accounts.
var ownedAccountsLink = views.NavLink{Path: MyServiceAccountsPath, Label: "Service accounts of my teams", Icon: "robot"}

// configurationHome is the first page of Configuration that the actor may open,
// "" when there is none: then the area isn't shown at all.
func configurationHome(actor *models.Actor) string {
	for _, link := range navigation(views.AreaConfiguration, actor) {
		if link.Path != "" {
			return link.Path
		}
	}
	return ""
}

// ConfigurationHome leads to the first page of Configuration that the reader may
// open.
func ConfigurationHome(c echo.Context) error {
	home := configurationHome(models.ActorFrom(c.Request().Context()))
	if home == "" {
		return models.Denied("There is nothing in Configuration that you may open. An administrator can give you permissions.")
	}
	return c.Redirect(http.StatusSeeOther, home)
}
