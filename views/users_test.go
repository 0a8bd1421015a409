package views

import (
	"strings"
	"testing"

	"github.com/a-h/templ"
)

const pathUsers = "/configuration/users"

func usersShell(title string) Shell {
	s := shell(title, AreaConfiguration, pathUsers)
	s.Side = []NavLink{{Path: pathUsers, Label: "Users", Icon: iconUsers}}
	return s
}

func userPages() []sample {
	onlyLook, none, nobody := userList(), userList(), userList()
	onlyLook.NewPath = ""
	none.Rows, none.Search = nil, "gitlab <b>"
	nobody.Rows = nil
	look := userPage()
	look.Form, look.Link, look.StopPath, look.DeletePath = nil, nil, "", ""
	look.Note = &Notice{Tone: ToneInfo, Title: "You can look, but not change", Text: "maya may do more than you may."}
	return []sample{
		{"users", UsersPage(userList())}, {"users-look", UsersPage(onlyLook)}, {"users-no-match", UsersPage(none)}, {"users-none", UsersPage(nobody)},
		{"new-user", NewUserPage(newUserForm())}, {"new-user-errors", NewUserPage(brokenUserForm())},
		{"user", UserPageWhole(userPage())}, {"user-service", UserPageWhole(servicePage())}, {"user-off", UserPageWhole(offPage())},
		{"user-errors", UserPageWhole(brokenUserPage())}, {"user-look", UserPageWhole(look)}, {"user-self", UserPageWhole(ownPage())},
		{"user-deactivate", UserStopPage(userStopped("Deactivate"))}, {"user-delete", UserStopPage(userStopped("Delete"))},
		{"keys-of-service", KeysPage(keysOfOthers(true))}, {"keys-of-person", KeysPage(keysOfOthers(false))},
		{"keys-of-service-empty", KeysPage(noKeysOfOthers(true))}, {"keys-of-person-empty", KeysPage(noKeysOfOthers(false))},
		{"new-key-of-service", NewKeyPage(newKeyOfService())},
	}
}

func userFragments() []sample {
	return []sample{
		{"users-table", UsersTable(userList())}, {"new-user-main", NewUserMain(brokenUserForm())}, {"user-main", UserMain(brokenUserPage())},
		{"user-stop-fragment", UserStopFragment(userStopped("Deactivate"))}, {"keys-of-service-table", KeysTable(keysOfOthers(true))},
	}
}

func userList() UserList {
	seen := Moment{"2026-11-23T08:12:00Z", "23 Nov 2026, 09:12"}
	row := func(id, name, username, email string) UserRow {
		return UserRow{Path: pathUsers + "/" + id, KeysPath: pathUsers + "/" + id + "/apikeys", Name: name, Initials: "ML", Username: username, Email: email,
			Kind: "Person", Status: "Active", Keys: 7, Seen: "2 minutes ago", SeenMoment: seen}
	}
	robot, gone := row("Users-2", "Deploy bot", "deploy-bot", ""), row("Users-3", "Esma Boran", "esma.boran", "esma.boran@example.com")
	robot.Kind, robot.Service, robot.Keys, robot.Seen = "Service account", true, 1200, ""
	gone.Status, gone.Off = "Deactivated", true
	return UserList{
		Shell: usersShell("Users"), Path: pathUsers, NewPath: pathUsers + "/new", Status: "3 users found", Zone: "Europe/Stockholm",
		Kinds:    []Tab{{Label: "Everybody", Href: pathUsers, Count: 10000, Current: true}, {Label: "People", Href: pathUsers + "?kind=person", Count: 9000}, {Label: "Service accounts", Href: pathUsers + "?kind=service", Count: 1000}},
		Statuses: []Tab{{Label: "Any status", Href: pathUsers, Count: 10000, Current: true}, {Label: "Active", Href: pathUsers + "?status=active", Count: 9995}, {Label: "Deactivated", Href: pathUsers + "?status=inactive", Count: 5}},
		Hidden:   []Pair{{"kind", "person"}},
		Columns:  []Column{{Label: "Name", Href: pathUsers + "?dir=desc", Sort: "ascending"}, {Label: "Kind"}, {Label: "Status"}, {Label: "Live keys"}, {Label: "Last seen", Href: pathUsers + "?sort=seen&dir=desc"}},
		Rows:     []UserRow{row("Users-1", "Maya Lindqvist", "maya", "maya.lindqvist@example.com"), robot, gone},
		Pager:    Pager{Previous: pathUsers + "?skip=0", Next: pathUsers + "?skip=60", Text: "31 to 60 of 10,000"},
	}
}

func newUserForm() UserForm {
	return UserForm{
		Shell: usersShell("New user"), Path: pathUsers, ListPath: pathUsers,
		Username:    Field{Name: "username", ID: "username", Label: "User name", Required: true, MaxLength: 64, Autocomplete: "off", Hint: "People sign in with it."},
		DisplayName: Field{Name: "display_name", ID: "display_name", Label: "Display name", MaxLength: 64, Autocomplete: "off"},
		Email:       Field{Name: "email", ID: "email", Label: "E-mail", Type: "email", MaxLength: 256, Autocomplete: "off"},
		OwnerTeam:   Field{Name: "owner_team", ID: "owner_team", Label: "Owner team", Hint: "Its members create and revoke the API keys of this account."},
		Teams:       []Option{{Label: "No team", Selected: true}, {Value: "Teams-3", Label: "Platform"}},
	}
}

func brokenUserForm() UserForm {
	f := newUserForm()
	f.Shell.Title, f.Title = "Error: New user", "Nothing was saved"
	f.IsService, f.Username.Value, f.Username.Error = true, "Me", "The user name Me is reserved. Choose another one."
	f.OwnerTeam.Error = "This team does not exist any more. Choose another one."
	f.Problems = []Problem{{"username", f.Username.Error}, {"owner_team", f.OwnerTeam.Error}}
	return f
}

func userPage() UserPage {
	form := newUserForm()
	form.Path, form.Version, form.Teams = pathUsers+"/Users-1", "4", nil
	form.Username.Value = "maya"
	return UserPage{
		Shell: usersShell("Maya Lindqvist"), ListPath: pathUsers, Name: "Maya Lindqvist", Form: &form,
		Facts: UserFacts{Username: "maya", Email: "maya.lindqvist@example.com", SignIn: "With a password", Keys: "7 live keys", KeysPath: pathUsers + "/Users-1/apikeys",
			Seen: "2 minutes ago", SeenMoment: Moment{"2026-11-23T08:12:00Z", "23 Nov 2026, 09:12"}, Since: Moment{"2026-01-12T08:12:00Z", "12 Jan 2026"}, Zone: "Europe/Stockholm"},
		StopPath: pathUsers + "/Users-1/deactivation", DeletePath: pathUsers + "/Users-1/deletion",
	}
}

func servicePage() UserPage {
	p := userPage()
	p.Name, p.Facts.Service, p.Facts.SignIn, p.Facts.OwnerTeam, p.Facts.Seen = "Deploy bot", true, "Never, only API keys", "Platform", ""
	p.Form.Teams = newUserForm().Teams
	return p
}

func offPage() UserPage {
	p := userPage()
	p.Facts.Off, p.StopPath, p.Start = true, "", pathUsers+"/Users-1/activation"
	return p
}

func brokenUserPage() UserPage {
	p := servicePage()
	form := brokenUserForm()
	form.Version, form.Path = "4", pathUsers+"/Users-1"
	p.Shell.Title, p.Form = "Error: Deploy bot", &form
	return p
}

func ownPage() UserPage {
	p := userPage()
	p.Stop, p.StopPath, p.DeletePath = "You can't deactivate or delete your own account. Ask another administrator to do it.", "", ""
	return p
}

func userStopped(verb string) UserStop {
	return UserStop{Shell: usersShell(verb + " Maya Lindqvist"), Verb: verb, Name: "Maya Lindqvist", Username: "maya", Text: "Maya Lindqvist is refused at once, and 7 live keys are refused.",
		Keys: "7 live keys", Seen: "2 minutes ago", Path: pathUsers + "/Users-1/deactivation", BackPath: pathUsers + "/Users-1", Keep: "Keep active",
		Crumbs: []Crumb{{pathUsers, "Users"}, {pathUsers + "/Users-1", "Maya Lindqvist"}}}
}

func keysOfOthers(service bool) KeyList {
	list := keyList()
	list.Shell, list.Owner, list.Lead = usersShell("API keys of Deploy bot"), "Deploy bot", "A service account can have as many keys as it needs."
	list.Crumbs, list.CanNew = []Crumb{{pathUsers, "Users"}, {pathUsers + "/Users-2", "Deploy bot"}}, service
	return list
}

func noKeysOfOthers(service bool) KeyList {
	list := keysOfOthers(service)
	list.Empty, list.Rows, list.NewPath = true, nil, pathUsers+"/Users-2/apikeys/new"
	return list
}

func newKeyOfService() NewKeyForm {
	f := newKeyForm()
	f.Shell, f.Owner = usersShell("New API key"), "Deploy bot"
	f.Crumbs = append(keysOfOthers(true).Crumbs, Crumb{pathUsers + "/Users-2/apikeys", "API keys"})
	return f
}

func hostileUsers(s Shell) []sample {
	evil := "javascript:alert(1)"
	moment, crumbs, tabs := Moment{hostile, hostile}, []Crumb{{evil, hostile}}, []Tab{{Label: hostile, Href: evil}}
	f := Field{Name: "f", Label: hostile, Value: hostile, Hint: hostile, Error: hostile}
	row := UserRow{Path: evil, Name: hostile, Initials: "<", Username: hostile, Email: hostile, Kind: hostile, Status: hostile, Off: true, KeysPath: evil, Seen: hostile, SeenMoment: moment}
	list := UserList{Shell: s, Path: evil, NewPath: evil, Kinds: tabs, Statuses: tabs, Search: hostile, Hidden: []Pair{{"kind", hostile}}, Columns: []Column{{Label: hostile, Href: evil}}, Rows: []UserRow{row}, Status: hostile, Pager: Pager{evil, evil, hostile}, Zone: hostile}
	none := list
	none.Rows = nil
	form := UserForm{Shell: s, Path: evil, ListPath: evil, Version: hostile, Username: f, DisplayName: Field{Name: "g", Value: hostile}, Email: Field{Name: "h", Value: hostile}, OwnerTeam: Field{Name: "i", Label: hostile}, Teams: []Option{{hostile, hostile, true}}, Title: hostile, Problems: []Problem{{"", hostile}}}
	page := UserPage{Shell: s, Receipt: evil, ListPath: evil, Name: hostile, Note: s.Flash, Form: &form, Stop: hostile, Start: evil, StopPath: evil, DeletePath: evil,
		Facts: UserFacts{Username: hostile, Email: hostile, SignIn: hostile, OwnerTeam: hostile, Keys: hostile, KeysPath: evil, Seen: hostile, SeenMoment: moment, Since: moment, Zone: hostile}}
	stop := UserStop{s, "Delete", hostile, hostile, hostile, hostile, hostile, evil, crumbs, evil, hostile}
	return []sample{
		{"users shows", UsersPage(list)}, {"users table shows", UsersTable(list)}, {"users search shows", UsersPage(none)},
		{"new user shows", NewUserPage(form)}, {"new user main shows", NewUserMain(form)}, {"user shows", UserPageWhole(page)}, {"user main shows", UserMain(page)},
		{"user stop shows", UserStopPage(stop)}, {"user stop fragment shows", UserStopFragment(stop)},
	}
}

func TestUserPages(t *testing.T) {
	tests := []struct {
		name      string
		component templ.Component
		want      wants
	}{
		{"the list links each user and the keys", UsersPage(userList()), wants{
			"tbody tr": 3, "tbody td.cell-main a": 3, "tbody a[href$='/apikeys']": 3, "tr.is-off .badge": 1, "a.btn-primary[href='/configuration/users/new']": 1, "nav.tabs": 2, "nav.tabs a[aria-current=true]": 2, "th[aria-sort=ascending] a": 1, "th a": 2}},
		{"the table for htmx brings both rows of tabs", UsersTable(userList()), wants{"nav[hx-swap-oob=true]": 2, "#users-found[hx-swap-oob=innerHTML]": 1, "#users": 0}},
		{"a new user may be a service account", NewUserPage(newUserForm()), wants{
			"input[type=checkbox][name=service]": 1, "input[name=service][checked]": 0, "input[type=password]": 0, ".only-service select[name=owner_team] option": 2, "input[name=version]": 0}},
		{"a refused one keeps the choice", NewUserPage(brokenUserForm()), wants{"input[name=service][checked]": 1, "#username[aria-invalid=true]": 1, "#owner_team[aria-invalid=true]": 1, "[role=alert] a[href='#username']": 1}},
		{"what a user is can't be changed", UserPageWhole(servicePage()), wants{
			"input[name=service]": 0, "input[name=version][value='4']": 1, "select[name=owner_team]": 1, ".only-service": 0, "a[href$='/deactivation'][aria-haspopup=dialog]": 1, "a[href$='/deletion'][aria-haspopup=dialog]": 1}},
		{"a person has no owner team", UserPageWhole(userPage()), wants{"select": 0}},
		{"a deactivated user can come back", UserPageWhole(offPage()), wants{"form[action$='/activation'] button": 1, "a[href$='/deactivation']": 0, "a[href$='/deletion']": 1}},
		{"nobody ends himself", UserPageWhole(ownPage()), wants{"#user": 1, "a[href$='/deactivation']": 0, "a[href$='/deletion']": 0, "form[action$='/activation']": 0}},
		{"stopping asks, and starts on the safe choice", UserStopFragment(userStopped("Deactivate")), wants{"dialog[open][data-modal]": 1, "a[data-close][data-focus]": 1, "button.btn-danger[type=submit]": 1}},
		{"stopping without a script is a page", UserStopPage(userStopped("Delete")), wants{"dialog": 0, "h1": 1, "button.btn-danger": 1}},
		{"keys of a service account can be made", KeysPage(keysOfOthers(true)), wants{"a.btn-primary": 1, "tbody tr": 6, ".crumbs a": 2}},
		{"keys of a person can't", KeysPage(keysOfOthers(false)), wants{"a.btn-primary": 0, "a[href$='/revocation']": 6}},
		{"nor the first one", KeysPage(noKeysOfOthers(false)), wants{".empty a": 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkWants(t, parsed(t, tt.component), tt.want) })
	}
	words := strings.Join(strings.Fields(parsed(t, NewUserPage(newUserForm())).Find("label.check").Text()), " ")
	if words != "The user is a service account" {
		t.Errorf("the box says %q", words)
	}
}
