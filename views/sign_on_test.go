package views

import (
	"strings"
	"testing"
)

func signInBoth() SignIn {
	p := signIn()
	p.Ways.SignOn = "single sign-on"
	return p
}

func signInRefusedThere() SignIn {
	p := signIn()
	p.Ways = SignInWays{SignOn: "Example Login", LocalOff: true}
	p.Notice = &Notice{Tone: ToneBad, Title: "Could not sign in", Text: "No account has the e-mail address maya@example.com. Ask an administrator to create one for you."}
	return p
}

func settingsWithSignOn() AuthSettings {
	p := authSettings0()
	p.SignOn = SignOnSettings{On: true, Issuer: "https://login.example.com/realms/people", ClientID: "keyport", Secret: "Set", Redirect: "https://keys.example.com/sign-in/sso/callback",
		Scopes: "openid email profile", Users: "Linked to the account with their verified e-mail address", Groups: "groups",
		Teams: []GroupTeam{{"cn=platform,ou=groups,dc=example,dc=com", "Platform"}, {"auditors", "Auditors"}}, Local: "On"}
	return p
}

func TestSignOnOnTheSignInPage(t *testing.T) {
	const button = "a.btn[href='/sign-in/sso?return=%2Faccount%2Fapikeys%2Fnew']"
	tests := []struct {
		name string
		page SignIn
		want wants
	}{
		{"no single sign-on", signIn(), wants{"a[href^='/sign-in/sso']": 0, ".or": 0, "input[name=password]": 1}},
		{"both ways", signInBoth(), wants{button: 1, ".or": 1, "input[name=password]": 1, "button.btn-primary": 1, "a.btn-primary": 0}},
		{"only there", signInRefusedThere(), wants{button + ".btn-primary": 1, ".or": 0, "form": 0, "input": 0, "[role=alert]": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkWants(t, parsed(t, SignInPage(tt.page)), tt.want) })
	}
	words := strings.Join(strings.Fields(parsed(t, SignInPage(signInBoth())).Find("a.btn").Text()), " ")
	if words != "Continue with single sign-on" {
		t.Errorf("the button says %q", words)
	}
}

func TestSignOnOnTheSettingsPage(t *testing.T) {
	doc := parsed(t, AuthSettingsPage(settingsWithSignOn()))
	checkWants(t, doc, wants{"section[aria-labelledby=sign-on-title] h2": 1, "section dl dt": 8, "section dl li": 2, "section input": 0, "section button": 0, "form section": 0, "details.expander": 3})
	checkWants(t, parsed(t, AuthSettingsPage(authSettings0())), wants{"section dl": 0, "section code": 1})
}
