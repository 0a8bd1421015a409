package main

import (
	"io"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/openid"
)

// The variables of single sign-on.
const (
	oidcIssuer      = "KEYPORT_OIDC_ISSUER"
	oidcClientID    = "KEYPORT_OIDC_CLIENT_ID"
	oidcSecret      = "KEYPORT_OIDC_CLIENT_SECRET"
	oidcSecretFile  = "KEYPORT_OIDC_CLIENT_SECRET_FILE"
	oidcName        = "KEYPORT_OIDC_NAME"
	oidcScopes      = "KEYPORT_OIDC_SCOPES"
	oidcGroupsClaim = "KEYPORT_OIDC_GROUPS_CLAIM"
	oidcTeams       = "KEYPORT_OIDC_TEAMS"
	oidcUsers       = "KEYPORT_OIDC_USERS"
	localSignIn     = "KEYPORT_LOCAL_SIGN_IN"
)

// maxSignOnName is the longest text on the button, in characters.
const maxSignOnName = 40

// signOn reads how people sign in by an OpenID provider, nil when they don't.
// Nothing is asked of the provider here: Keyport starts also when it is away.
func (e *environment) signOn() *web.SignOn {
	s := &web.SignOn{Issuer: e.text(oidcIssuer, ""), ClientID: e.text(oidcClientID, ""), Name: e.signOnName(), Scopes: e.scopes()}
	s.ClientSecret = e.clientSecret()
	s.GroupsClaim, s.Policy.Teams = e.groups()
	s.Policy.Create = e.oneOf(oidcUsers, "link", "create") == "create"
	s.LocalOff = e.oneOf(localSignIn, "on", "off") == "off"
	if s.Issuer == "" {
		e.withoutIssuer(s)
		return nil
	}
	u, err := url.Parse(s.Issuer)
	switch {
	case err != nil || openid.CheckURL(u) != nil || strings.ContainsFunc(s.Issuer, func(r rune) bool { return r <= ' ' || r > '~' }):
		e.wrong("%s must be an https address, as the provider writes it, such as https://login.example.com.", oidcIssuer)
	case u.User != nil, u.RawQuery != "", u.ForceQuery, strings.Contains(s.Issuer, "#"):
		e.wrong("%s must not hold a user name, a question mark or a number sign.", oidcIssuer)
	case s.ClientID == "":
		e.wrong("%s is missing. Set it to the client id that the provider gave Keyport.", oidcClientID)
	}
	return s
}

// withoutIssuer refuses what means nothing without a provider: it was set for
// one, and people would wonder where the button is.
func (e *environment) withoutIssuer(s *web.SignOn) {
	for _, name := range []string{oidcClientID, oidcSecret, oidcSecretFile, oidcName, oidcScopes, oidcGroupsClaim, oidcTeams, oidcUsers} {
		if e.text(name, "") != "" {
			e.wrong("%s is set, but %s is not. Set both, or neither.", name, oidcIssuer)
		}
	}
	if s.LocalOff {
		e.wrong("%s is off, but there is no single sign-on, so nobody could sign in. Set %s too.", localSignIn, oidcIssuer)
	}
}

func (e *environment) signOnName() string {
	name, problem := models.CleanText(e.text(oidcName, "single sign-on"), oidcName, maxSignOnName)
	if problem != "" {
		e.wrong("%s", problem)
	}
	return name
}

func (e *environment) scopes() []string {
	list := strings.FieldsFunc(e.text(oidcScopes, "openid email profile"), func(r rune) bool { return r == ' ' || r == ',' })
	if !slices.Contains(list, "openid") {
		e.wrong("%s lacks openid, without which there is no sign-in. Use at least: openid email", oidcScopes)
	}
	return list
}

// groups reads the claim and the pairs. A pair is cut at its last equals sign:
// groups of directories are full of them.
func (e *environment) groups() (claim string, pairs []models.GroupTeam) {
	claim = e.text(oidcGroupsClaim, "groups")
	for _, line := range strings.FieldsFunc(e.text(oidcTeams, ""), func(r rune) bool { return r == ';' || r == '\n' }) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		cut := strings.LastIndex(line, "=")
		pair := models.GroupTeam{Group: strings.TrimSpace(line[:max(cut, 0)]), Team: strings.TrimSpace(line[cut+1:])}
		switch {
		case pair.Group == "" || pair.Team == "":
			e.wrong("%s holds %q. Use pairs of a group and a team with semicolons between them, such as platform=Platform; auditors=Auditors.", oidcTeams, strings.TrimSpace(line))
		case models.Fold(pair.Team) == string(models.Everyone):
			e.wrong("%s names the team Everyone, in which everybody is already. Name another team.", oidcTeams)
		}
		pairs = append(pairs, pair)
	}
	if len(pairs) > 0 {
		return claim, pairs
	}
	if e.text(oidcGroupsClaim, "") != "" {
		e.wrong("%s is set, but %s is not, so groups would mean nothing. Set both, or neither.", oidcGroupsClaim, oidcTeams)
	}
	return "", nil
}

// maxSecretFile bounds what is read of the file of the client's secret.
const maxSecretFile = 4 << 10

func (e *environment) clientSecret() string {
	value, file := e.text(oidcSecret, ""), e.text(oidcSecretFile, "")
	switch {
	case value != "" && file != "":
		e.wrong("%s and %s are both set. Set one of them.", oidcSecret, oidcSecretFile)
	case file != "":
		return e.secretFile(oidcSecretFile, file)
	}
	return value
}

// secretFile reads a secret that nobody but the owner of the file may read.
func (e *environment) secretFile(name, file string) string {
	f, err := os.Open(file)
	if err != nil {
		e.wrong("%s names %s, which can't be read. Put the secret there, and give this account the right to read it.", name, file)
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil || !info.Mode().IsRegular():
		e.wrong("%s names %s, which is not a file. Put the secret there.", name, file)
		return ""
	case readableByOthers(file, info, e.getenv):
		e.wrong("%s names %s, which can be read by other accounts. Run: chmod 600 %s", name, file, file)
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	secret := strings.TrimSpace(string(text))
	if err != nil || secret == "" || len(text) > maxSecretFile {
		e.wrong("%s names %s, which is empty, too long or can't be read. It must hold the secret and nothing else.", name, file)
	}
	return secret
}
