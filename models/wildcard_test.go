package models

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestMatchesWildcard(t *testing.T) {
	tests := []struct {
		name, pattern, text string
		want                bool
	}{
		{"the same", "repo:a/b", "repo:a/b", true},
		{"another case", "repo:a/b", "repo:A/b", false},
		{"longer", "repo:a/b", "repo:a/bc", false},
		{"shorter", "repo:a/b", "repo:a/", false},
		{"star at the end", "repo:a/*", "repo:a/b:ref:refs/heads/main", true},
		{"star for nothing", "repo:a/*", "repo:a/", true},
		{"star at the beginning", "*:main", "repo:a/b:main", true},
		{"star in the middle", "repo:a/*:ref:refs/heads/main", "repo:a/b:ref:refs/heads/main", true},
		{"star in the middle, other end", "repo:a/*:ref:refs/heads/main", "repo:a/b:ref:refs/heads/main2", false},
		{"stars must not overlap", "ab*ba", "aba", false},
		{"star takes a wrong end back", "*ab", "aabab", true},
		{"two stars", "*a*b*", "xxaxxbxx", true},
		{"two stars in the wrong order", "*a*b*", "xxbxxaxx", false},
		{"stars in a row", "a***b", "ab", true},
		{"question mark", "job-?", "job-7", true},
		{"question mark for nothing", "job-?", "job-", false},
		{"question mark for two", "job-?", "job-77", false},
		{"question mark for a letter of two bytes", "job-?", "job-ä", true},
		{"question mark and star", "?*x", "abx", true},
		{"question mark and star, too short", "?*x", "x", false},
		{"nothing", "", "", true},
		{"nothing of something", "", "a", false},
		{"other characters mean themselves", `a.b[c]\d`, `a.b[c]\d`, true},
		{"a dot is a dot", "a.b", "axb", false},
		{"as long as allowed", strings.Repeat("a", MaxSubject), strings.Repeat("a", MaxSubject), true},
		{"as long as allowed, one off", strings.Repeat("a", MaxSubject), strings.Repeat("a", MaxSubject-1) + "b", false},
		{"255 question marks", strings.Repeat("?", MaxSubject), strings.Repeat("x", MaxSubject), true},
		{"a long text", strings.Repeat("a", MaxSubject-1) + "*", strings.Repeat("a", 5000), true},
		{"a pattern that is too long", strings.Repeat("a", MaxSubject+1), strings.Repeat("a", MaxSubject+1), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := matchesWildcard(tt.pattern, tt.text); got != tt.want {
				t.Errorf("%q, %q: got %v, want %v", tt.pattern, tt.text, got, tt.want)
			}
		})
	}
}

// matchesSlowly says what a wildcard means, without any care for time.
func matchesSlowly(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return matchesSlowly(pattern[1:], text) || text != "" && matchesSlowly(pattern, text[1:])
	}
	return text != "" && (pattern[0] == '?' || pattern[0] == text[0]) && matchesSlowly(pattern[1:], text[1:])
}

func TestMatchesWildcardAsItShould(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	from := func(alphabet string, most int) string {
		var b strings.Builder
		for range random.IntN(most + 1) {
			b.WriteByte(alphabet[random.IntN(len(alphabet))])
		}
		return b.String()
	}
	matched := 0
	for range 200_000 {
		pattern, text := from("ab?*", 8), from("ab", 10)
		got, want := matchesWildcard(pattern, text), matchesSlowly(pattern, text)
		if got != want {
			t.Fatalf("%q, %q: got %v, want %v", pattern, text, got, want)
		}
		if got {
			matched++
		}
	}
	if matched < 10_000 {
		t.Errorf("only %d matched; the test proves little", matched)
	}
}

// What makes matchers with backtracking run for hours takes a moment here: the
// time grows with the text and with nothing else.
func TestMatchesWildcardInLinearTime(t *testing.T) {
	began := time.Now()
	for _, pattern := range []string{strings.Repeat("*a", 127) + "b", strings.Repeat("a*", 127) + "b", strings.Repeat("*?", 127), strings.Repeat("*", 255)} {
		for _, length := range []int{1000, 100_000} {
			if got, want := matchesWildcard(pattern, strings.Repeat("a", length)), !strings.HasSuffix(pattern, "b"); got != want {
				t.Errorf("%.10q…: got %v, want %v", pattern, got, want)
			}
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzMatchesWildcard(f *testing.F) {
	for _, seed := range [][2]string{{"repo:*", "repo:a"}, {"?", "ä"}, {"a*\xff", "a\xff"}, {"", ""}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if matchesWildcard(pattern, text) && len(pattern) <= MaxSubject && !strings.ContainsAny(pattern, "*?") && pattern != text &&
			strings.ToValidUTF8(pattern, "�") != strings.ToValidUTF8(text, "�") {
			t.Errorf("%q without wildcards matches %q", pattern, text)
		}
		if text != "" && len(text) <= MaxSubject && !matchesWildcard(strings.Repeat("?", len([]rune(text))), text) {
			t.Errorf("question marks don't match %q", text)
		}
	})
}
