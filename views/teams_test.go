package views

import (
	"strings"
	"testing"

	"github.com/a-h/templ"
)

func TestTeamPages(t *testing.T) {
	tests := []struct {
		name      string
		component templ.Component
		want      wants
	}{
		{"the list names each team and marks the built-in ones", TeamsPage(teamList("/new")), wants{"tbody tr": 4, "tbody .badge": 2, "a.btn-primary[href='/new']": 1}},
		{"who may only look is offered nothing", TeamsPage(teamList("")), wants{"a.btn-primary": 0, "main form": 0}},
		{"the form has the presets and the boxes", NewTeamPage(newTeamForm("")), wants{
			"#team input[type=radio][name=preset]": 3, "#team input[value=none][checked]": 1, "#team input[type=checkbox][name=permission]": 3, "#team input[type=checkbox][disabled]": 1, "#team input[name=version]": 0}},
		{"an error stands at its field", NewTeamPage(newTeamForm("No.")), wants{
			".notice.bad a[href='#name']": 1, "input[aria-invalid=true]": 1, "#name-error": 1, "fieldset[aria-describedby='permissions-hint permissions-error']": 1, "#permissions-error": 1}},
		{"the only submit button of the form is its own, so that Enter saves", TeamPageWhole(teamPage()), wants{"#team [type=submit]": 1, "#team button:not([type=submit])": 0}},
		{"a team is a form and its members", TeamPageWhole(teamPage()), wants{
			"#team input[name=version][value='4']": 1, "form[action$='/removal']": 3, "form[action$='/members']": 1, "a[href$='/deletion'][aria-haspopup=dialog]": 1, "form[role=search]": 0}},
		{"many members are searched and paged", TeamPageWhole(manyMembers()), wants{"form[role=search][method=get] input[name=q]": 1, ".pager a": 2}},
		{"a name typed in part brings out candidates", TeamPageWhole(unknownMember()), wants{"#username[aria-invalid=true][value=sam]": 1, "form[action$='/members'] input[type=hidden][name=username]": 2}},
		{"everyone lists nobody", TeamPageWhole(everyonePage()), wants{"form[action$='/removal']": 0, "form[action$='/members']": 0, "#name[readonly]": 1}},
		{"administrators have no form", TeamPageWhole(administratorsPage()), wants{"#team": 0, ".notice.info": 1, "form[action$='/removal']": 3}},
		{"the safe choice of the dialog comes first", TeamDeletionFragment(teamDeletionSample()), wants{"dialog[data-modal] .actions > a[data-close][data-focus]:first-child": 1, ".btn-danger": 1}},
		{"each account leads to its keys", MyServiceAccountsPage(myAccounts()), wants{".list a[href$='/apikeys']": 2, ".list .badge": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkWants(t, parsed(t, tt.component), tt.want) })
	}
}

// A permission that can't be given says why.
func TestDisabledPermissionSaysWhy(t *testing.T) {
	text := parsed(t, NewTeamPage(newTeamForm(""))).Find("label:has([disabled][type=checkbox])").Text()
	if !strings.Contains(text, "You don't hold it") {
		t.Errorf("got %q", text)
	}
}
