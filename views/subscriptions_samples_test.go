package views

func configurationShell(title string) Shell {
	return shell(title, AreaConfiguration, "/configuration/subscriptions")
}

func subscriptionFields() SubscriptionForm {
	zone := Dropdown{Field{Name: "zone", Label: "Time zone of the dates"}, []Option{{"UTC", "UTC", true}, {"Europe/Berlin", "Europe/Berlin", false}}}
	return SubscriptionForm{Shell: configurationShell("New subscription"), Path: "/configuration/subscriptions", ListPath: "/configuration/subscriptions", BuiltIn: true,
		Name: Field{Name: "name", Label: "Name", Value: "Keys that end"}, Groups: []Check{{"group", "ApiKeyExpiry", "API key expiry events", "", true}}, Kinds: []Check{{"kind", "Created", "Document created", "", false}},
		Documents: []Check{{"document", "Users", "User", "", false}}, Teams: []Check{{"team", "Teams-2", "Keyport Administrators", "", true}}, Users: Field{Name: "users", Label: "Only about these users"},
		Every: Dropdown{Field{Name: "every", Label: "How often"}, zone.Options}, Priority: Dropdown{Field{Name: "priority", Label: "Priority"}, zone.Options}, Zone: zone,
		URL: Field{Name: "url", Label: "Address", Type: "url", Hint: "Optional."}, HeaderKey: Field{Name: "header-name", Label: "Header to send along"}, Header: Field{Name: "header-value", Label: "Value of the header", Type: "password"},
		Timeout: Field{Name: "timeout", Label: "Timeout in seconds", Type: "number", Value: "10"}, Submit: "Create subscription"}
}

func subscriptionPage() SubscriptionPage {
	form := subscriptionFields()
	return SubscriptionPage{Shell: configurationShell("Keys that end"), ListPath: "/configuration/subscriptions", Path: "/configuration/subscriptions/Subscriptions-2", Name: "Keys that end", Off: true, Form: &form,
		DeletePath: "/configuration/subscriptions/Subscriptions-2/deletion", SwitchPath: "/switch", TestPath: "/test", SecretPath: "/secret", ReplayPath: "/replay", More: "/configuration/subscriptions/Subscriptions-2?before=7", Zone: "UTC",
		Deliveries: []DeliveryRow{{What: "API key “CI” expired", To: "Webhook", Tone: ToneBad, State: "Failed", Attempts: "10 attempts", Answer: "500 in 34 ms", Problem: "The receiver answered 500.", At: Moment{"2026-11-26T12:00:00Z", "26 Nov 2026, 12:00"}, AtLabel: "tried", ReplayPath: "/replay/1"}}}
}

func subscriptionSamples() []sample {
	revealed, looked, broken := subscriptionPage(), subscriptionPage(), subscriptionFields()
	revealed.Secret, looked.Form, looked.Facts, looked.Deliveries = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", nil, []Fact{{"Events", "All events"}}, nil
	broken.Title, broken.Problems, broken.Name.Error = "One thing needs your attention", []Problem{{"name", "Enter a name for the subscription."}}, "Enter a name for the subscription."
	return []sample{
		{"subscriptions", SubscriptionsPage(SubscriptionList{Shell: configurationShell("Subscriptions"), NewPath: "/configuration/subscriptions/new", Rows: []SubscriptionRow{{Name: "Owners", Path: "/x", BuiltIn: true, Off: true, About: "API key expiry events", To: "Mail to owners"}}})},
		{"subscription-new", NewSubscriptionPage(subscriptionFields())},
		{"subscription-errors", NewSubscriptionPage(broken)},
		{"subscription", SubscriptionPageWhole(subscriptionPage())},
		{"subscription-secret", SubscriptionPageWhole(revealed)},
		{"subscription-look", SubscriptionPageWhole(looked)},
		{"subscription-deletion", SubscriptionDeletionPage(SubscriptionDeletion{Shell: configurationShell("Delete"), Name: "Keys that end", Path: "/x", BackPath: "/y", ListPath: "/configuration/subscriptions"})},
		{"unsubscribed", UnsubscribePage(Unsubscribe{Name: "Owners", Done: true})},
		{"unsubscribed-own", UnsubscribePage(Unsubscribe{Name: "Owners", Done: true, Own: true})},
		{"unsubscribe", UnsubscribePage(Unsubscribe{Name: "Owners", Token: "t"})},
	}
}
