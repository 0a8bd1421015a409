package api

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// A time span as .NET writes it: 01:00:00, or 2.03:00:00 for two days and three
// hours, perhaps with a fraction of a second.
var timespanForm = regexp.MustCompile(`^(?:(\d{1,5})\.)?(\d{1,2}):([0-5]?\d)(?::([0-5]?\d)(?:\.(\d{1,7}))?)?$`)

const daySpan = 24 * time.Hour

// timespan writes a duration of whole seconds.
func timespan(d time.Duration) string {
	s := ""
	if days := d / daySpan; days > 0 {
		s = fmt.Sprintf("%d.", days)
	}
	d %= daySpan
	return s + fmt.Sprintf("%02d:%02d:%02d", d/time.Hour, d/time.Minute%60, d/time.Second%60)
}

// parseTimespan reads one; fractions of a second are dropped.
func parseTimespan(s string) (time.Duration, bool) {
	parts := timespanForm.FindStringSubmatch(s)
	if parts == nil {
		return 0, false
	}
	var n [4]time.Duration
	for i, part := range parts[1:5] {
		v, _ := strconv.Atoi("0" + part)
		n[i] = time.Duration(v)
	}
	if n[1] > 23 {
		return 0, false
	}
	return n[0]*daySpan + n[1]*time.Hour + n[2]*time.Minute + n[3]*time.Second, true
}
