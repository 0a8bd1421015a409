package views

const pathTeams = "/configuration/teams"

func teamShell(title string) Shell {
	s := shell(title, AreaConfiguration, pathTeams)
	s.Side = append([]NavLink{{Path: pathTeams, Label: "Teams", Icon: "team"}}, s.Side...)
	return s
}

// teamPages are the pages of teams, in every state.
func teamPages() []sample {
	look := teamPage()
	look.Form, look.DeletePath, look.Members.AddPath, look.Members.Candidates = nil, "", "", nil
	for i := range look.Members.Rows {
		look.Members.Rows[i].RemovePath = ""
	}
	empty := teamPage()
	empty.Members.Rows, empty.Members.Count = nil, "Nobody is in this team yet."
	return []sample{
		{"teams", TeamsPage(teamList(pathTeams + "/new"))},
		{"teams-read-only", TeamsPage(teamList(""))},
		{"new-team", NewTeamPage(newTeamForm(""))},
		{"new-team-errors", NewTeamPage(newTeamForm("Enter a name for the team."))},
		{"team", TeamPageWhole(teamPage())},
		{"team-empty", TeamPageWhole(empty)},
		{"team-read-only", TeamPageWhole(look)},
		{"team-many", TeamPageWhole(manyMembers())},
		{"team-no-match", TeamPageWhole(noMember())},
		{"team-unknown-member", TeamPageWhole(unknownMember())},
		{"team-everyone", TeamPageWhole(everyonePage())},
		{"team-administrators", TeamPageWhole(administratorsPage())},
		{"delete-team", TeamDeletionPage(teamDeletionSample())},
		{"my-service-accounts", MyServiceAccountsPage(myAccounts())},
		{"my-service-accounts-none", MyServiceAccountsPage(MyServiceAccounts{Shell: profileShell("Service accounts of my teams", "/account/service-accounts")})},
	}
}

func teamFragments() []sample {
	return []sample{
		{"new-team-main", NewTeamMain(newTeamForm("Enter a name for the team."))},
		{"team-main", TeamMain(unknownMember())},
		{"delete-team-fragment", TeamDeletionFragment(teamDeletionSample())},
	}
}

func teamList(newPath string) TeamList {
	return TeamList{Shell: teamShell("Teams"), NewPath: newPath, Rows: []TeamRow{
		{"Everyone", "", true, "All 48 users", "None", pathTeams + "/Teams-1"},
		{"Keyport Administrators", "", true, "3 members", "All", pathTeams + "/Teams-2"},
		{"Auditors", "Look at everything", false, "2 members", "UserView, TeamView, EventView, SubscriptionView", pathTeams + "/Teams-3"},
		{"Platform", "", false, "12 members", "None", pathTeams + "/Teams-4"},
	}}
}

func permissionBoxes() []PermissionChoice {
	return []PermissionChoice{
		{"UserView", "See users.", true, false}, {"UserEdit", "Create and change users.", false, false},
		{"AdministerSystem", "Everything.", false, true},
	}
}

func presets(chosen string) []PermissionPreset {
	list := []PermissionPreset{{"none", "None", "Only a group.", false, false}, {"auditor", "Auditor", "Looks at everything.", false, true}, {PresetChosen, "Choose", "One by one.", false, false}}
	for i := range list {
		list[i].Checked = list[i].Value == chosen
	}
	return list
}

func newTeamForm(problem string) TeamForm {
	p := TeamForm{Shell: teamShell("New team"), Path: pathTeams, ListPath: pathTeams, Submit: "Create team",
		Name: Field{Name: "name", Label: "Name", MaxLength: 64, Required: true}, Description: Field{Name: "description", Label: "Description", Hint: "Optional."},
		Presets: presets("none"), Permissions: permissionBoxes(), Hint: "A member may do what any of his teams allows."}
	if problem != "" {
		p.Name.Error, p.Problems = problem, []Problem{{"name", problem}, {"permissions", "Clear AdministerSystem."}}
		p.Error, p.Presets = "Clear AdministerSystem.", presets(PresetChosen)
	}
	return p
}

func teamPage() TeamPage {
	form := newTeamForm("")
	form.Path, form.Version, form.Submit, form.Name.Value = pathTeams+"/Teams-3", "4", "Save", "Auditors"
	return TeamPage{Shell: teamShell("Auditors"), ListPath: pathTeams, Path: form.Path, Name: "Auditors", Description: "Look at everything",
		Form: &form, DeletePath: form.Path + "/deletion", Calendar: "/account/calendar#Teams-3", Permissions: permissionBoxes()[:2], Members: teamMembers()}
}

func teamMembers() TeamMembers {
	path := pathTeams + "/Teams-3"
	return TeamMembers{AddPath: path + "/members", Add: Field{Name: "username", Label: "Add a member", Required: true, Hint: "The user name."}, Path: path,
		Rows: []MemberRow{
			{"Maya Lindqvist", "maya", "ML", false, false, path + "/members/Users-1/removal"},
			{"Esma Boran", "esma", "EB", false, true, path + "/members/Users-2/removal"},
			{"platform-bot", "platform-bot", "PB", true, false, path + "/members/Users-3/removal"},
		}, Count: "3 members"}
}

func manyMembers() TeamPage {
	p := teamPage()
	p.Members.Searchable, p.Members.Count = true, "342 members"
	p.Members.Pager = Pager{Previous: p.Path + "?skip=0", Next: p.Path + "?skip=60", Text: "31 to 60 of 342"}
	return p
}

func noMember() TeamPage {
	p := manyMembers()
	p.Members.Search, p.Members.Count, p.Members.Rows, p.Members.Pager = "zebra", "0 members found", nil, Pager{}
	return p
}

func unknownMember() TeamPage {
	p := teamPage()
	p.Shell.Title = "Error: Auditors"
	p.Members.Add.Value, p.Members.Add.Error = "sam", "No user has exactly this user name."
	p.Members.Problems, p.Members.Title = []Problem{{"username", p.Members.Add.Error}}, "Nobody was added"
	p.Members.Candidates = []Candidate{{"Sam Okafor", "sam.okafor"}, {"Samira Haddad", "samira"}}
	return p
}

func everyonePage() TeamPage {
	p := teamPage()
	p.Name, p.BuiltIn, p.DeletePath = "Everyone", true, ""
	p.Form.Name.Value, p.Form.Name.ReadOnly = "Everyone", true
	p.Members = TeamMembers{Implied: "Every user is in this team."}
	return p
}

func administratorsPage() TeamPage {
	p := teamPage()
	p.Name, p.BuiltIn, p.Form, p.DeletePath = "Keyport Administrators", true, nil, ""
	p.Note = &Notice{Tone: ToneInfo, Title: "Administrators hold every permission"}
	return p
}

func teamDeletionSample() TeamDeletion {
	return TeamDeletion{Shell: teamShell("Delete Auditors"), Name: "Auditors", Members: "2 members", Rights: "UserView", Path: pathTeams + "/Teams-3/deletion", BackPath: pathTeams + "/Teams-3", ListPath: pathTeams}
}

func myAccounts() MyServiceAccounts {
	return MyServiceAccounts{Shell: profileShell("Service accounts of my teams", "/account/service-accounts"), Rows: []OwnedAccountRow{
		{"Deploy bot", "deploy-bot", "Platform", "3 usable keys", false, "/configuration/users/Users-9/apikeys"},
		{"Old bot", "old-bot", "Platform", "0 usable keys", true, "/configuration/users/Users-10/apikeys"},
	}}
}

// hostileTeams show text that somebody may have typed as a name.
func hostileTeams(s Shell) []sample {
	const evil = "javascript:alert(1)"
	f := Field{Name: "f", Label: hostile, Value: hostile, Hint: hostile, Error: hostile}
	boxes := []PermissionChoice{{hostile, hostile, true, true}}
	form := TeamForm{s, evil, evil, hostile, f, Field{Name: "g", Value: hostile}, []PermissionPreset{{hostile, hostile, hostile, true, false}}, boxes, hostile, hostile, hostile, []Problem{{"", hostile}}, hostile}
	people := TeamMembers{"", evil, Field{Name: "u", Value: hostile, Error: hostile}, []Problem{{"", hostile}}, hostile, []Candidate{{hostile, hostile}}, evil, hostile, true,
		[]MemberRow{{hostile, hostile, "<s", true, true, evil}}, hostile, Pager{evil, evil, hostile}}
	team := TeamPage{s, evil, evil, hostile, hostile, true, boxes, s.Flash, &form, people, evil, evil, evil}
	look := team
	look.Form = nil
	deletion := TeamDeletion{s, hostile, hostile, hostile, evil, evil, evil}
	return []sample{
		{"teams shows", TeamsPage(TeamList{s, evil, []TeamRow{{hostile, hostile, true, hostile, hostile, evil}}})},
		{"new team shows", NewTeamPage(form)}, {"team shows", TeamPageWhole(team)}, {"team to look at shows", TeamPageWhole(look)}, {"team main shows", TeamMain(team)},
		{"deletion shows", TeamDeletionPage(deletion)}, {"deletion fragment shows", TeamDeletionFragment(deletion)},
		{"my accounts shows", MyServiceAccountsPage(MyServiceAccounts{s, []OwnedAccountRow{{hostile, hostile, hostile, hostile, true, evil}}})},
	}
}
