package handlers

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// teamForm is the form of a team as it was typed.
type teamForm struct {
	Version           int64
	Name, Description string
	Preset            string
	Permissions       models.PermissionSet // the boxes, counted only with the preset of the list
}

// The presets besides the list of boxes.
const (
	presetNone    = "none"
	presetAuditor = "auditor"
)

// teamFieldIDs are the inputs that problems point at.
var teamFieldIDs = map[string]string{"Name": "name", "Description": "description", "Permissions": "permissions"}

func readTeamForm(c echo.Context) teamForm {
	version, _ := strconv.ParseInt(c.FormValue("version"), 10, 64)
	f := teamForm{Version: version, Name: c.FormValue("name"), Description: c.FormValue("description"), Preset: c.FormValue("preset")}
	for _, name := range c.Request().Form["permission"] {
		f.Permissions |= models.PermissionsOf(models.Permission(name))
	}
	return f
}

func formOfTeam(t models.Team) teamForm {
	f := teamForm{Version: t.Version, Name: t.Name, Description: t.Description, Preset: views.PresetChosen, Permissions: t.Permissions}
	switch t.Permissions {
	case 0:
		f.Preset = presetNone
	case models.Views:
		f.Preset = presetAuditor
	}
	return f
}

func (f teamForm) wish() models.NewTeam {
	wish := models.NewTeam{Name: f.Name, Description: f.Description}
	switch f.Preset {
	case presetAuditor:
		wish.Permissions = models.Views
	case views.PresetChosen:
		wish.Permissions = f.Permissions
	}
	return wish
}

func newTeamForm(c echo.Context, f teamForm, refusal *models.Error) views.TeamForm {
	props := teamFields(c, f, refusal)
	props.Shell = shellOf(c, "New team", views.AreaConfiguration, TeamsPath)
	props.Path, props.Submit = TeamsPath, "Create team"
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
	}
	return props
}

// teamFields shows the inputs: as they were typed, with what is wrong.
func teamFields(c echo.Context, f teamForm, refusal *models.Error) views.TeamForm {
	actor := models.ActorFrom(c.Request().Context())
	props := views.TeamForm{
		ListPath: TeamsPath,
		Name:     views.Field{Name: "name", Label: "Name", Value: f.Name, MaxLength: models.MaxTeamName, Required: true, Autocomplete: "off"},
		Description: views.Field{Name: "description", Label: "Description", Value: f.Description, MaxLength: models.MaxTeamDescription, Autocomplete: "off",
			Hint: "Optional. What the team does, for those who choose among teams."},
		Presets: permissionPresets(f.Preset, actor), Permissions: permissionChoices(f.Permissions, actor),
		Hint: "A member may do what any of his teams allows. You can give only permissions that you hold yourself, and an Edit permission brings its View permission.",
	}
	if refusal != nil {
		props.Name.Error, props.Description.Error, props.Error = refusal.Problem("Name"), refusal.Problem("Description"), refusal.Problem("Permissions")
		if props.Problems = problemsFor(refusal, teamFieldIDs); len(props.Problems) == 0 {
			props.Problems = []views.Problem{{Message: refusal.Message}}
		}
	}
	return props
}

func permissionPresets(chosen string, actor *models.Actor) []views.PermissionPreset {
	presets := []views.PermissionPreset{
		{Value: presetNone, Label: "None", Text: "Only a group of users, such as the owners of a service account."},
		{Value: presetAuditor, Label: "Auditor", Text: "Looks at everything and changes nothing: all View permissions.", Disabled: !actor.Covers(models.Views)},
		{Value: views.PresetChosen, Label: "Choose", Text: "Any of the permissions, one by one."},
	}
	for i := range presets {
		presets[i].Checked = presets[i].Value == chosen
	}
	return presets
}

// permissionTexts say what a permission allows.
var permissionTexts = map[models.Permission]string{
	models.UserView:         "See users and service accounts, and the keys of all of them.",
	models.UserEdit:         "Create, change and deactivate users, and revoke their keys.",
	models.TeamView:         "See teams and their members.",
	models.TeamEdit:         "Create, change and delete teams, and choose their members.",
	models.EventView:        "Read the audit trail.",
	models.SubscriptionView: "See subscriptions.",
	models.SubscriptionEdit: "Create and change subscriptions.",
	models.ConfigureServer:  "Change the settings, such as how long keys may live.",
	models.AdministerSystem: "Everything, including who else may do everything.",
}

func permissionChoices(checked models.PermissionSet, actor *models.Actor) []views.PermissionChoice {
	var choices []views.PermissionChoice
	for _, p := range models.Permissions {
		set := models.PermissionsOf(p)
		choices = append(choices, views.PermissionChoice{Name: string(p), Text: permissionTexts[p], Checked: checked&set != 0, Disabled: !actor.Covers(set)})
	}
	return choices
}

// heldPermissions lists what a team gives, for those who only look.
func heldPermissions(held models.PermissionSet) []views.PermissionChoice {
	var choices []views.PermissionChoice
	for _, p := range held.Names() {
		choices = append(choices, views.PermissionChoice{Name: string(p), Text: permissionTexts[p]})
	}
	return choices
}
