package models

// PageSize is the number of rows a list shows unless asked otherwise (Octopus's
// default), MaxTake the most that one answer holds. Clients ask for up to
// 2147483647 rows; they get MaxTake and a link to the next page.
const (
	PageSize = 30
	MaxTake  = 200
)

// Page is a window on an ordered list, both numbers of rows, neither negative.
type Page struct {
	Skip, Take int
}

// Clamp brings a page into the allowed range; a Take of 0 stays 0, because
// Octopus's clients ask for no rows when they want only the envelope.
func (p Page) Clamp() Page {
	return Page{Skip: max(p.Skip, 0), Take: min(max(p.Take, 0), MaxTake)}
}
