package models

import "strings"

// CSVCell returns a text as a cell of an export. A spreadsheet that opens the
// file takes what begins with one of a few characters for a formula, and runs
// it; an apostrophe in front makes it text. Some readers skip blanks and quotes
// first, and some split lines at other signs than commas, where the rest of a
// cell begins a new one; so each such place gets its apostrophe.
func CSVCell(s string) string {
	var b strings.Builder
	begins := true // whether a reader may take this place for the beginning of a cell
	for _, r := range s {
		switch {
		case begins && strings.ContainsRune("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n", r):
			b.WriteByte('\'')
			begins = cellBreak(r)
		case cellBreak(r):
			begins = true
		case r != ' ' && r != '"' && r != '\u00a0':
			begins = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

func cellBreak(r rune) bool { return strings.ContainsRune("\t\r\n;|", r) }
