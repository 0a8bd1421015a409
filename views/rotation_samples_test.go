package views

func rotationSample() RotationForm {
	key, expiry := usableRows()[0], expiryForm()
	expiry.Legend = "The new key expires"
	return RotationForm{
		Shell: profileShell("Rotate Laptop scripts", pathKeys), Path: key.RotatePath, KeyPath: key.Path, Key: key, FormID: "F0RM",
		Crumbs: []Crumb{{pathKeys, "My API Keys"}, {key.Path, key.Purpose}}, Sentence: "Read-only on billing from 1 network, ends Tue 1 Dec 2026",
		Expiry: expiry,
		Overlap: OverlapForm{LastDay: "Tue 1 Dec 2026", Latest: "0 to 30, so until Tue 1 Dec 2026 at the latest",
			Custom: Field{Name: "days", ID: "overlap", Label: "Days that the old key goes on", Type: "number", Value: "14", Min: "0", Max: "30"},
			Choices: []OverlapChoice{
				{"0", "Ends at once", "Whatever uses it is refused from then on", false}, {"1", "Goes on for 1 day", "Works until Tue 24 Nov 2026, 17:30", false},
				{"7", "Goes on for 7 days", "Works until Mon 30 Nov 2026, 17:30", true}, {"30", "Goes on for 30 days", "Works until its own end, Tue 1 Dec 2026", false},
				{"first-use", "Goes on until the new one is first used", "Ends a minute or so after that, at the latest on Tue 1 Dec 2026", false},
			}},
	}
}

func brokenRotation() RotationForm {
	p := rotationSample()
	p.Shell.Title, p.Title = "Error: "+p.Shell.Title, "Two things need your attention"
	p.Overlap.CustomOn, p.Overlap.Custom.Value = true, "31"
	p.Overlap.Error = "The old key can go on for 0 to 30 days, or until the new one is first used. Choose one of these."
	p.Expiry.CustomOn, p.Expiry.Error = true, "17 Jan 2028 is past the 366-day maximum. Choose a date on or before 24 Nov 2027."
	p.Problems = []Problem{{"overlap", p.Overlap.Error}, {"expires", p.Expiry.Error}}
	return p
}

func rotationOverSample() RotationForm {
	p := rotationSample()
	p.Key, p.Sentence = endedRows()[0], "Full access, ended Wed 28 Oct 2026"
	p.Key.Path = pathKeys + "/M3C"
	p.Over = &RotationOver{Title: "This key has ended", Text: "This key does not work any more, so there is nothing to rotate. Make a new key.",
		Next: Link{pathKeys + "/new?like=M3C", "Make a new key with the same purpose and access"}}
	return p
}

func rotatedKeyPage() KeyPage {
	p := keyPage()
	p.Going, p.After = true, &Relative{pathKeys + "/FSX", "API-FSX•••••••", "Since 20 Nov 2026, 09:00"}
	p.StillUsed = &OldKeyUse{Text: "These called since 20 Nov 2026, 09:00, when it was rotated. Give them the new key before the old one ends.", Clients: p.Clients[:1]}
	p.Clients = p.Clients[1:]
	return p
}

func replacingKeyPage() KeyPage {
	p := keyPage()
	p.Before, p.Clients = &Relative{pathKeys + "/M3C", "API-M3C•••••••", "Works until Fri 27 Nov 2026, 09:00"}, nil
	p.StillUsed = &OldKeyUse{Text: "Nobody has called with it since 20 Nov 2026, 09:00, when it was rotated."}
	return p
}

func revealedInPlace() Reveal {
	p := revealed()
	p.Old = "The old key API-ZQM••••••• works until Mon 30 Nov 2026, 17:30."
	return p
}
