package main

// demoZone is where the company is at home: its days end there.
const demoZone = "Europe/Stockholm"

// The people, teams and machines of the company in the demo data. All of it is
// made up.
var (
	demoPeople = []string{
		"Maya Lindqvist", "Jonas Berger", "Amara Okafor", "Priya Raman", "Tomás Herrera", "Ingrid Solberg", "Kenji Morita", "Leila Haddad",
		"Oskar Nowak", "Chloé Fontaine", "Samuel Adeyemi", "Hana Kovářová", "Diego Paredes", "Freya Nielsen", "Ravi Deshmukh", "Nora Fitzgerald",
		"Luca Marchetti", "Zofia Wójcik", "Emre Yıldız", "Grace Mwangi", "Viktor Petrov", "Sofia Almeida", "Daniel Osei", "Mei Tanaka",
		"Anton Weiss", "Isla Campbell", "Farid Nazari", "Elena Popescu", "Marcus Holm", "Yara Mansour", "Pavel Dvořák", "Rosa Jiménez",
		"Theo Laurent", "Aisha Bello", "Henrik Dahl", "Nadia Rahimi", "Callum Reid", "Mirela Ilić", "Bruno Carvalho", "Saoirse Byrne",
	}
	demoTeams = []struct{ name, description string }{
		{"Platform", "Runs the build farm and everything below it"},
		{"Release managers", "Decide what goes out, and when"},
		{"Data", "Reports, exports and the warehouse"},
		{"Web", "The shop and its back office"},
		{"Auditors", "Look at everything, change nothing"},
	}
	demoServices = []string{
		"build-farm", "release-pipeline", "nightly-report", "terraform", "grafana", "backup", "inventory-sync", "shop-frontend", "shop-checkout",
		"search-indexer", "mail-gateway", "status-page", "load-tests", "smoke-tests", "warehouse-export", "billing-import", "log-shipper",
		"image-registry", "certificate-renewal", "incident-bot", "chat-notifier", "docs-publisher", "feature-flags", "dns-updater", "cost-reporter",
	}
	demoServicePurposes = []string{
		"Release pipeline on build-%02d", "Nightly run on worker-%02d", "Terraform state of region %02d", "Health probe %02d", "Export to warehouse %02d",
		"Cluster %02d, production", "Cluster %02d, staging", "Import from partner %02d", "Retention job %02d", "Dashboard %02d",
	}
	demoPersonPurposes = []string{
		"Laptop scripts", "Trying out the API", "Terraform on my laptop", "Migration to the new build farm", "One-off clean-up", "Spreadsheet of open releases",
		"Local development", "Incident follow-up", "Team dashboard", "Command line at home",
	}
	demoAgents    = []string{"curl/8.5.0", "Terraform/1.11.4", "octopus/2.24.0", "python-requests/2.32.3", "Go-http-client/2.0", "PowerShell/7.5"}
	demoAddresses = []string{"10.20.4.17", "10.20.4.31", "10.20.7.2", "10.20.9.88", "192.0.2.40", "198.51.100.7", "2001:db8:20::17"}
)
