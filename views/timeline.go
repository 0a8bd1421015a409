package views

import "strconv"

// Measures of the timeline: pixels from top to bottom, and parts of a week's
// width in hundredths.
const (
	chartHeight = 148
	tallestBar  = 118 // leaves room for the figure above it
	monthHeight = 20
	gap         = 16
	middle      = 50
)

// across is how far a number of weeks and some hundredths of one reach, of all.
func across(weeks, hundredths, all int) string {
	const precision = 100 // of a percent
	reach := (weeks*100 + hundredths) * precision / all
	return strconv.Itoa(reach/precision) + "." + strconv.Itoa(reach%precision/10) + strconv.Itoa(reach%10) + "%"
}

// barHeight measures a bar against the tallest. A week with any key at all has
// a bar to see and to hit.
func barHeight(keys int, weeks []WeekBar) int {
	most := 1
	for _, w := range weeks {
		most = max(most, w.Keys)
	}
	height := keys * tallestBar / most
	if keys > 0 {
		height = max(height, 3)
	}
	return height
}

func pixels(n int) string { return strconv.Itoa(n) }

func keysWord(n int) string {
	if n == 1 {
		return "1 key"
	}
	return thousands(n) + " keys"
}
