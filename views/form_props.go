package views

import "github.com/keyport/keyport/models"

// Limits that components print, so that page and rule can't differ.
const (
	MaxPurpose = models.MaxPurpose
)

// Field is one input of a form.
type Field struct {
	Name, ID, Label, Type string
	Value, Hint, Error    string
	Placeholder           string
	Autocomplete          string
	MaxLength             int
	Min, Max              string
	Required, Autofocus   bool
	ReadOnly              bool
}

// Problem is one line of an error summary, linked to the field it is about.
type Problem struct {
	FieldID, Message string
}

// Pair is a hidden input.
type Pair struct{ Name, Value string }
