package main

import (
	"strings"
)

// variable is one line of the help on the environment.
type variable struct{ name, fallback, about string }

// variables lists the whole environment, in the order in which people need it.
var variables = []variable{
	{"KEYPORT_LISTEN", "127.0.0.1:8080", "address and port to answer on"},
	{metricsListen, "", "address and port that answer /metrics to Prometheus, such as 127.0.0.1:9464; without it there are no metrics"},
	{otlpEndpoint, "", "address of an OpenTelemetry collector that takes traces by OTLP over HTTP, such as http://127.0.0.1:4318; OpenTelemetry's other variables apply"},
	{otlpTracesEndpoint, "", "the same as a whole address, with its path"},
	{tracesExporter, "", "none: no traces, whatever the endpoint says"},
	{otelDisabled, "", "true: no traces, whatever the endpoint says"},
	{"KEYPORT_SHUTDOWN_DELAY", "0s", "how long to go on answering after a stop is asked for, while /readyz says 503; at most 1m0s"},
	{"KEYPORT_PUBLIC_URL", "http:// and the address above", "where people reach the portal; may have a path"},
	{"KEYPORT_DATA_DIR", "data", "folder of the SQLite database and the master key"},
	{"KEYPORT_DATABASE_URL", "sqlite:<data dir>/keyport.db", "sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE"},
	{"KEYPORT_MASTER_KEY", "", "the master key: 32 bytes in hexadecimal or base64"},
	{"KEYPORT_MASTER_KEY_FILE", "<data dir>/master.key", "file of the master key; made at the first start, readable by its owner only"},
	{"KEYPORT_TRUSTED_PROXIES", "", "addresses and networks whose X-Forwarded-For is believed, with commas between them"},
	{"KEYPORT_EGRESS_ALLOW", "", "networks that are not the internet, in which issuers of tokens may be asked for their keys, such as 10.0.0.0/8; 127.0.0.0/8 must be named itself"},
	{smtpURL, "", "mail server: smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://…:465; ?tls=off for a server that can't encrypt"},
	{smtpFrom, "", "the address that letters come from, such as Keyport <keys@example.com>"},
	{"KEYPORT_QUERY_KEYS", "on", "API keys in addresses, ?apikey=…, as older scripts send them: on or off; off is safer, addresses get into logs"},
	{"KEYPORT_LOG", "text", "form of the log on standard error: text or json"},
	{"KEYPORT_ADMIN_USERNAME", "", "unattended install: the administrator to create if there is none"},
	{"KEYPORT_ADMIN_PASSWORD", "", "the password of that administrator"},
	{"KEYPORT_ADMIN_EMAIL", "", "the e-mail address of that administrator"},
	{oidcIssuer, "", "single sign-on: the OpenID provider's issuer, an https address exactly as the provider writes it"},
	{oidcClientID, "", "the client id that the provider gave Keyport"},
	{oidcSecret, "", "the client secret; leave it empty for a public client"},
	{oidcSecretFile, "", "file of the client secret, readable by its owner only"},
	{oidcName, "single sign-on", "what the button on the sign-in page names after \"Continue with\""},
	{oidcScopes, "openid email profile", "scopes to ask for, with blanks or commas between them"},
	{oidcGroupsClaim, "groups", "the claim that lists a person's groups"},
	{oidcTeams, "", "teams that groups give: GROUP=TEAM, with semicolons between the pairs"},
	{oidcUsers, "link", "link people to accounts by verified e-mail address, or also create accounts: link or create"},
	{localSignIn, "on", "signing in with user name and password: on or off"},
}

const commandHelp = `Keyport gives people and service accounts API keys.

Usage: keyport [command] [options]

Commands:
  serve                 run the portal (the default)
  migrate               bring the database schema up to date and end
  user create           create a user
      --username NAME
      --display-name NAME
      --email ADDRESS
      --admin             member of the team of administrators
      --service-account   has API keys, but no password
                        The password of a person is read from standard input.
  user unlink           let single sign-on link a user again by e-mail address
      --username NAME
  apikey create         create an API key and print it, and nothing else
      --user NAME
      --purpose TEXT
      --expires WHEN      2027-05-22T21:59:59Z, or 30d for 30 days
  audit verify          check that no event of the audit trail was altered, removed or inserted
      --head ID:MAC       a head that was noted in the log; may be given several times
  doctor                check the configuration, the database and the master key, and say
                        what to do; ends with 1 when something is bad
      --json              the findings as JSON
  backup                write all that is to be kept into a file, beside a running portal;
                        the master key is not in it
      --to FILE           the backup, for either database
      --journal FILE      what works now, to be made every few minutes and kept elsewhere
  restore               put a backup in the place of what is in the database; keys and rights
                        that have ended since, and keys of which nobody knows, don't come back
      --from FILE
      --journal FILE      a journal that was made after the backup
      --replace           replace a database that is in use, after asking it what has ended
      --accept-revived-keys
                          let keys work of which nobody knows whether they were revoked
  healthcheck           ask the portal that runs here whether it answers
      --ready             whether requests should be sent to it
  demo                  fill an empty database with a made-up company, to try things out
      --seed N            another company with the same names
  version               print the version
  help                  print this

Environment:
`

func help() string {
	var b strings.Builder
	b.WriteString(commandHelp)
	for _, v := range variables {
		b.WriteString("  " + v.name + "\n      " + v.about + "\n")
		if v.fallback != "" {
			b.WriteString("      default: " + v.fallback + "\n")
		}
	}
	b.WriteString("\nKeyport ends with status 0, with 1 when something it needs is missing, and with\n2 when the command line or the environment is wrong; then nothing was created.\n")
	return b.String()
}
