package views

const pathMailSettings = "/configuration/settings/smtp"

func mailSettings0() MailSettings {
	return MailSettings{Shell: shell("SMTP", AreaConfiguration, pathMailSettings), Path: pathMailSettings, TestPath: pathMailSettings + "/test", History: pathAudit + "?document=smtpconfiguration", Version: "3", CanTest: true, HasPassword: true,
		Host: Field{Name: "host", ID: "host", Label: "Host", Value: "smtp.example.com", Hint: "Leave it empty to send no mail."}, Port: Field{Name: "port", ID: "port", Label: "Port", Type: "number", Value: "587", Min: "1", Max: "65535"},
		Login: Field{Name: "login", ID: "login", Label: "User name", Value: "keyport"}, Password: Field{Name: "password", ID: "password", Label: "Password", Type: "password", Hint: "A password is set, and never shown."},
		Sender: Field{Name: "sender", ID: "sender", Label: "Sender", Value: "Keyport <keys@example.com>"}, Timeout: Field{Name: "timeout", ID: "timeout", Label: "Time for a letter", Type: "number", Value: "30000", Min: "1000", Max: "120000", Hint: "In milliseconds."},
		To:   Field{Name: "to", ID: "to", Label: "Send it to", Type: "email", Value: "maya.lindqvist@example.com", Required: true},
		Ways: []MailWay{{"starttls", "STARTTLS", "Usually port 587.", true}, {"tls", "TLS from the start", "Usually port 465.", false}, {"off", "None", "Only for a server that can't encrypt.", false}}}
}

func mailSettingsSamples() []sample {
	broken, fixed := mailSettings0(), mailSettings0()
	broken.Shell.Title, broken.Title = "Error: SMTP", "Nothing was saved"
	broken.Problems = []Problem{{"password", "The stored password was entered for smtp.example.com."}, {"encryption-starttls", "Choose how letters are encrypted."}}
	broken.Password.Error, broken.WayError, broken.InClear, broken.NoLinks = "The stored password was entered for smtp.example.com.", "Choose how letters are encrypted.", true, true
	fixed.Fixed = []Fact{{"Host", "mail.example.com"}, {"Port", "587"}, {"Encryption", "STARTTLS"}, {"Sender", "keys@example.com"}}
	return []sample{{"mail-settings", MailSettingsPage(mailSettings0())}, {"mail-settings-errors", MailSettingsPage(broken)}, {"mail-settings-fixed", MailSettingsPage(fixed)}}
}

func mailSettingsFragments() []sample {
	return []sample{{"mail-settings-main", MailSettingsMain(mailSettings0())}}
}

// hostileMailSettings is the page with text that somebody may have typed.
func hostileMailSettings(s Shell) []sample {
	evil := "javascript:alert(1)"
	f := Field{Name: "f", Label: hostile, Value: hostile, Hint: hostile, Error: hostile}
	p := MailSettings{Shell: s, Path: evil, TestPath: evil, History: evil, Version: hostile, CanTest: true, InClear: true, NoLinks: true, Host: f, Port: f, Login: f, Password: f, Sender: f, Timeout: f, To: f, HasPassword: true,
		Ways: []MailWay{{hostile, hostile, hostile, true}}, WayError: hostile, Title: hostile, Problems: []Problem{{"", hostile}}}
	fixed := p
	fixed.Fixed = []Fact{{hostile, hostile}}
	return []sample{{"mail settings show", MailSettingsPage(p)}, {"mail settings main shows", MailSettingsMain(p)}, {"fixed mail settings show", MailSettingsPage(fixed)}}
}
