package views

const pathServices = "/configuration/services"

func serviceShell(title string) Shell {
	s := shell(title, AreaConfiguration, pathServices)
	s.Side = append([]NavLink{{Path: pathServices, Label: "Services", Icon: "server"}}, s.Side...)
	return s
}

// servicePages are the pages of services, in every state.
func servicePages() []sample {
	return []sample{
		{"services", ServicesPage(ServiceList{Shell: serviceShell("Services"), NewPath: pathServices + "/new", Rows: []ServiceRow{
			{"billing", "Invoices and payments", "60 a minute", "2 rules", pathServices + "/Services-1"},
			{"stock", "", "No limit", "GET, HEAD and OPTIONS", pathServices + "/Services-2"},
		}})},
		{"services-none", ServicesPage(ServiceList{Shell: serviceShell("Services"), NewPath: pathServices + "/new"})},
		{"new-service", NewServicePage(serviceFormSample(""))},
		{"new-service-errors", NewServicePage(serviceFormSample("Enter a name for the service, such as billing."))},
		{"service", ServicePageWhole(servicePageSample())},
		{"delete-service", ServiceDeletionPage(serviceDeletionSample())},
	}
}

func serviceFragments() []sample {
	return []sample{
		{"new-service-main", NewServiceMain(serviceFormSample("Enter a name for the service, such as billing."))},
		{"service-main", ServiceMain(servicePageSample())},
		{"delete-service-fragment", ServiceDeletionFragment(serviceDeletionSample())},
	}
}

func serviceFormSample(problem string) ServiceForm {
	p := ServiceForm{Shell: serviceShell("New service"), Path: pathServices, ListPath: pathServices, Submit: "Register service",
		Name: Field{Name: "name", Label: "Name", Required: true}, Description: Field{Name: "description", Label: "Description", Hint: "Optional."},
		Rate: Field{Name: "rate", Label: "Calls a minute with one key", Type: "number", Value: "0"}, Reads: Field{Name: "reads", Label: "What only reads", Hint: "One rule in each line."}}
	if problem != "" {
		p.Name.Error, p.Problems = problem, []Problem{{"name", problem}}
	}
	return p
}

func servicePageSample() ServicePage {
	form := serviceFormSample("")
	form.Path, form.Version, form.Submit, form.Name.Value, form.Name.ReadOnly = pathServices+"/Services-1", "4", "Save", "billing", true
	return ServicePage{Shell: serviceShell("billing"), ListPath: pathServices, Name: "billing", Form: form, DeletePath: form.Path + "/deletion",
		Recipes: []ProxyRecipe{{"nginx", "Tested with 1.22", []RecipeFile{{"nginx", "billing.conf", "auth_request /_keyport;"}}}, {"Caddy", "Not run by a test", []RecipeFile{{"caddy", "Caddyfile", "forward_auth https://keyport.example.com"}}}}}
}

func serviceDeletionSample() ServiceDeletion {
	return ServiceDeletion{Shell: serviceShell("Remove billing"), Name: "billing", Path: pathServices + "/Services-1/deletion", BackPath: pathServices + "/Services-1", ListPath: pathServices}
}

// hostileServices show text that somebody may have typed.
func hostileServices(s Shell) []sample {
	const evil = "javascript:alert(1)"
	f := Field{Name: "f", Label: hostile, Value: hostile, Hint: hostile, Error: hostile}
	form := ServiceForm{s, evil, evil, hostile, f, Field{Name: "g", Value: hostile}, Field{Name: "h", Value: hostile}, Field{Name: "i", Value: hostile}, hostile, []Problem{{"", hostile}}, hostile}
	return []sample{
		{"services shows", ServicesPage(ServiceList{s, evil, []ServiceRow{{hostile, hostile, hostile, hostile, evil}}})},
		{"new service shows", NewServicePage(form)}, {"service shows", ServicePageWhole(ServicePage{s, evil, hostile, form, evil, evil, []ProxyRecipe{{hostile, hostile, []RecipeFile{{"r", hostile, hostile}}}}})},
		{"service deletion shows", ServiceDeletionPage(ServiceDeletion{s, hostile, evil, evil, evil})},
	}
}
