package handlers

import "strings"

// browserName reads the words that help a person to recognise a browser. It is
// a courtesy: nothing is decided by it, and browsers may say what they like.
func browserName(userAgent string) string {
	name, system := firstOf(userAgent, [][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrom", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	}), firstOf(userAgent, [][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"},
	})
	switch {
	case name == "":
		return "Unknown browser"
	case system == "":
		return name
	}
	return name + " on " + system
}

// firstOf returns the name of the first sign that occurs in s.
func firstOf(s string, signs [][2]string) string {
	for _, sign := range signs {
		if strings.Contains(s, sign[0]) {
			return sign[1]
		}
	}
	return ""
}
