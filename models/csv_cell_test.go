package models

import (
	"encoding/csv"
	"strings"
	"testing"
)

// No cell of an export is a formula, neither for a reader that splits lines at
// commas nor for one that splits them at other signs.
func TestCSVCell(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain", "Release pipeline", "Release pipeline"},
		{"empty", "", ""},
		{"inside", "a=b+c-d@e", "a=b+c-d@e"},
		{"equals", `=HYPERLINK("http://192.0.2.1","x")`, `'=HYPERLINK("http://192.0.2.1","x")`},
		{"plus", "+1", "'+1"},
		{"minus", "-1+1", "'-1+1"},
		{"at", "@SUM(1)", "'@SUM(1)"},
		{"full width", "\uff1d1", "'\uff1d1"},
		{"full width plus", "\uff0b1", "'\uff0b1"},
		{"full width minus", "\uff0d1", "'\uff0d1"},
		{"full width at", "\uff20x", "'\uff20x"},
		{"tab", "\t=1", "'\t'=1"},
		{"return", "\r=1", "'\r'=1"},
		{"line", "\n=1", "'\n'=1"},
		{"blank first", "  =1", "  '=1"},
		{"no-break space first", "\u00a0=1", "\u00a0'=1"},
		{"quote first", `"=1`, `"'=1`},
		{"behind a semicolon", "a;=1", "a;'=1"},
		{"behind a semicolon and quotes", `a;" =1`, `a;" '=1`},
		{"behind a bar", "a|+1", "a|'+1"},
		{"behind a line", "a\n-1", "a\n'-1"},
		{"twice", "=1;=2", "'=1;'=2"},
		{"dashes inside", "CI - build", "CI - build"},
		{"emoji", "🔑 = key", "🔑 = key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := CSVCell(tt.text)
			if got != tt.want {
				t.Errorf("cell = %q, want %q", got, tt.want)
			}
			for _, separator := range []rune{';', '|', '\t'} {
				wantNoFormula(t, `"x","`+strings.ReplaceAll(got, `"`, `""`)+`"`, separator)
			}
		})
	}
}

// wantNoFormula reads a line as a spreadsheet of another locale does.
func wantNoFormula(t *testing.T, line string, separator rune) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = separator, true, -1
	records, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	for _, record := range records {
		for _, cell := range record {
			if cell = strings.TrimLeft(cell, "\" \u00a0\t\r\n"); cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("split at %q, %q holds the formula %q", separator, line, cell)
			}
		}
	}
}
