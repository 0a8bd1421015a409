//go:build unix

package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// row is a line of the table.
type row struct{ what, figure, goal, details string }

// add adds a row.
func (b *bench) add(what, figure, goal, details string, args ...any) {
	b.rows = append(b.rows, row{what, figure, goal, fmt.Sprintf(details, args...)})
	b.say("  %s: %s (%s)", what, figure, fmt.Sprintf(details, args...))
}

// print writes the table, in the form of a README.
func (b *bench) print(w io.Writer) {
	fmt.Fprintf(w, "%d keys, %d processors, %s, %s; load average %s; %s\n\n", b.keys, runtime.NumCPU(), runtime.Version(),
		time.Now().UTC().Format(time.DateOnly), loadAverage(), time.Since(b.started).Round(time.Second))
	fmt.Fprint(w, "| What | Figure | Goal | Details |\n|---|---|---|---|\n")
	for _, r := range b.rows {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.what, r.figure, cmp.Or(r.goal, "–"), r.details)
	}
}

// loadAverage is how much the machine had to do, ourselves included.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:2], " ")
}

// median of numbers.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// ratios divides numbers in pairs.
func ratios(a, b []float64) []float64 {
	var out []float64
	for i := range a {
		if b[i] != 0 {
			out = append(out, a[i]/b[i])
		}
	}
	return out
}

func percent(ratio float64) string { return fmt.Sprintf("%.1f %%", 100*ratio) }
func times(ratio float64) string   { return fmt.Sprintf("%.2f ×", ratio) }

// short writes a duration with three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f µs", float64(d.Nanoseconds())/1e3)
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d.Microseconds())/1e3)
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}
