package views

// Tab is a link that filters a list, with the number of rows behind it.
type Tab struct {
	Label, Href string
	Count       int
	Current     bool
}

// Column is a table head; Href is empty when the column can't be sorted by.
type Column struct {
	Label, Href, Sort string // Sort is the aria-sort value or ""
	Actions           bool   // the head is for screen readers only
}

// Pager leads to the pages before and after; empty links are not shown.
type Pager struct {
	Previous, Next string
	Text           string // "31 to 60 of 10,000"
}
