package views

// APIReference is the page that describes the REST API.
type APIReference struct {
	Shell          Shell
	ServerURL      string
	DocumentPath   string
	ExpiringHeader string
	Groups         []APIGroup
}

// APIGroup is a chapter of it.
type APIGroup struct {
	ID, Name   string
	Operations []APIOperation
}

// APIOperation is one address with a method.
type APIOperation struct {
	ID, Method, Path string
	Aliases          []string
	Summary, Text    string
	Parameters       []APIParameter
	Curl             string
	Ours             bool // Octopus does not have it
}

// APIParameter is a part of the query, or a header.
type APIParameter struct{ Name, Text string }
