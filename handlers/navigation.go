package handlers

import (
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
	{link: views.NavLink{Path: SessionsPath, Label: "Sessions", Icon: "monitor"}},
}

var configurationNav = []navEntry{
	{views.NavLink{Label: "Settings", Icon: "gear"}, models.ConfigureServer},
	{views.NavLink{Path: AuthSettingsPath, Label: "Authentication", Sub: true}, models.ConfigureServer},
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
	}
	return links
}

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
