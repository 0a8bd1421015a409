package views

// passwordLinkPages are the pages around one-time links, in every state.
func passwordLinkPages() []sample {
	broken := invitation()
	broken.New.Error = "Use at least 15 characters. A short sentence works well."
	broken.Problems = []Problem{{"password", broken.New.Error}}
	forgot := Forgot{Login: Field{Name: "login", ID: "login", Label: "User name or e-mail", Required: true, Autofocus: true, Autocomplete: "username", MaxLength: 256}}
	refused := forgot
	refused.Login.Error = "Enter your user name or your e-mail address."
	refused.Problems = []Problem{{"login", refused.Login.Error}}
	offered := signIn()
	offered.Ways.Forgot = true
	mailed := linkReveal()
	mailed.Mailed = "vera@example.com"
	return []sample{
		{"sign-in-forgot", SignInPage(offered)},
		{"invitation", ChoosePasswordPage(invitation())},
		{"invitation-errors", ChoosePasswordPage(broken)},
		{"link-dead", DeadLinkPage(DeadLink{"This invitation does not work", "Ask your administrator for a new one.", pathSignIn, "Go to sign-in"})},
		{"forgot", ForgotPage(forgot)},
		{"forgot-errors", ForgotPage(refused)},
		{"forgot-sent", ForgotSentPage()},
		{"link-reveal", LinkRevealPage(linkReveal())},
		{"link-reveal-mailed", LinkRevealPage(mailed)},
	}
}

func passwordLinkFragments() []sample {
	return []sample{{"person-link", PersonLinkSection(PersonLink{CSRF: "c5rf", Title: "Invitation link", Text: "Vera has no password yet.", Path: "/configuration/users/Users-7/password-link", Button: "Make an invitation link"})}}
}

func invitation() ChoosePassword {
	return ChoosePassword{Title: "Welcome, Vera Lind", Text: "Choose the password with which you sign in as vera.", Path: pathInvitation, Token: "once", Username: "vera", Submit: "Choose password and sign in",
		New:   Field{Name: "password", ID: "password", Label: "Password", Type: "password", Required: true, Autofocus: true, Autocomplete: "new-password", Hint: "At least 15 characters. A short sentence works well."},
		Again: Field{Name: "again", ID: "again", Label: "Password again", Type: "password", Required: true, Autocomplete: "new-password"}}
}

func linkReveal() LinkReveal {
	const person = "/configuration/users/Users-7"
	return LinkReveal{Shell: shell("Invitation link", AreaConfiguration, "/configuration/users"), Heading: "Invitation link", Person: "Vera Lind", Username: "vera",
		Link: "https://keyport.example.com/invitation?token=EXAMPLEQ7M2KJ9WTBN4VRLD", Ends: Moment{"2026-11-26T10:30:00Z", "26 Nov 2026, 11:30"}, Zone: "Europe/Stockholm",
		Path: person + "/password-link", PersonPath: person}
}

func hostilePasswordLinks(s Shell) []sample {
	evil, problems := "javascript:alert(1)", []Problem{{"", hostile}}
	f := Field{Name: "f", Label: hostile, Value: hostile, Hint: hostile, Error: hostile}
	return []sample{
		{"choose password shows", ChoosePasswordPage(ChoosePassword{hostile, hostile, evil, hostile, hostile, hostile, f, Field{Name: "g"}, problems})},
		{"unsubscribe shows", UnsubscribePage(Unsubscribe{Name: hostile, Token: hostile})},
		{"unsubscribed shows", UnsubscribePage(Unsubscribe{Name: hostile, Done: true})},
		{"dead link shows", DeadLinkPage(DeadLink{hostile, hostile, evil, hostile})},
		{"forgot shows", ForgotPage(Forgot{f, problems})},
		{"link reveal shows", LinkRevealPage(LinkReveal{s, hostile, hostile, hostile, hostile, Moment{hostile, hostile}, hostile, hostile, evil, evil})},
		{"person link shows", PersonLinkSection(PersonLink{hostile, hostile, hostile, evil, hostile})},
		{"letter shows", MailPage(Mail{hostile, hostile, hostile, hostile, []Fact{{hostile, hostile}}, hostile, evil, []Fact{{hostile, hostile}}, hostile, hostile, evil})},
	}
}
