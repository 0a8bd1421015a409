package handlers

import (
	"bufio"
	"net/url"
	"os"
	"strings"
	"testing"
)

func TestLocalPathKeepsOurOwn(t *testing.T) {
	for _, path := range []string{"/account/apikeys?status=all&q=a%20b", "/configuration/settings/authentication", "/account/sessions#x", "/account/apikeys/new"} {
		if got := LocalPath(path); got != path {
			t.Errorf("LocalPath(%q) = %q, want it unchanged", path, got)
		}
	}
}

// TestLocalPathRefusesOthers feeds every known trick, raw and encoded, and asks
// for one thing: the result is a path of our origin by the rules of the URL
// standard, where a backslash is a slash and control characters vanish.
func TestLocalPathRefusesOthers(t *testing.T) {
	file, err := os.Open("../web/e2e/return-paths.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); n++ {
		line := lines.Text()
		decoded, _ := url.QueryUnescape(line)
		for _, s := range []string{line, decoded, "/" + line, "//" + decoded, strings.ReplaceAll(line, "/", "\\")} {
			assertOurs(t, s)
		}
	}
	if n < 40 {
		t.Errorf("the list of hostile paths has %d lines; it looks damaged", n)
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/", "//evil.example", "/\\evil.example", "/%09/evil.example", "https://evil.example", "/a/../../b", "javascript:alert(1)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { assertOurs(t, s) })
}

func assertOurs(t *testing.T, s string) {
	t.Helper()
	got := LocalPath(s)
	browser := strings.Map(func(r rune) rune {
		switch {
		case r == '\\':
			return '/'
		case r == '\t' || r == '\n' || r == '\r':
			return -1
		}
		return r
	}, strings.Trim(got, " \x00\x1f"))
	base, _ := url.Parse("https://keyport.example/sign-in")
	to, err := base.Parse(browser)
	if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || !strings.HasPrefix(browser, "/") || strings.HasPrefix(browser, "//") {
		t.Errorf("LocalPath(%q) = %q, which leads to %v (%v)", s, got, to, err)
	}
}
