package api

import "strings"

// Template writes a path of the router as it stands in the document.
func (o Operation) Template(path string) string { return openPath(path) }

// examples are ids for the parameters of paths.
var examples = strings.NewReplacer("{user}", "me", "{account}", "Users-42", "{space}", "Spaces-1", "{oidc}", "ServiceAccountOidcIdentities-1")

// Curl is an example of the call. The key comes from the environment: what
// stands on a command line is seen by everybody on the machine.
func (o Operation) Curl() string {
	var b strings.Builder
	b.WriteString("curl")
	if o.Method != "GET" {
		b.WriteString(" --request " + o.Method)
	}
	if !o.Open {
		b.WriteString(" --header \"X-Octopus-ApiKey: $KEYPORT_API_KEY\"")
	}
	if o.Example != "" {
		b.WriteString(" \\\n  --header \"Content-Type: application/json\" --data '" + o.Example + "'")
	}
	b.WriteString(" \\\n  \"$KEYPORT_URL" + examples.Replace(openPath(o.Path)))
	if o.ExampleQuery != "" {
		b.WriteString("?" + o.ExampleQuery)
	}
	b.WriteString("\"")
	return b.String()
}
