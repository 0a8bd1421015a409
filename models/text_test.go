package models_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestCleanText(t *testing.T) {
	const (
		notUTF8   = "The purpose holds bytes that are not UTF-8 text. Type it again."
		damaged   = "The purpose holds a damaged character. Type the text again."
		invisible = "The purpose holds an invisible control character. Remove it, or type the text again."
	)
	tests := []struct{ name, in, want, problem string }{
		{"usual", "Deploy the web shop", "Deploy the web shop", ""},
		{"empty", "", "", ""},
		{"blanks", " \t\r\n\u00a0\u3000 ", "", ""},
		{"trimmed", "\n  CI \u00a0", "CI", ""},
		{"HTML stays text", "<script>alert(1)</script>", "<script>alert(1)</script>", ""},
		{"formula stays text", "=1+1", "=1+1", ""},
		{"any script", "Развёртывание 部署 النشر", "Развёртывание 部署 النشر", ""},
		{"emoji with joiners", "👩‍💻 build", "👩‍💻 build", ""},
		{"200 characters", strings.Repeat("é", 200), strings.Repeat("é", 200), ""},
		{"200 characters and blanks", " " + strings.Repeat("é", 200) + " ", strings.Repeat("é", 200), ""},
		{"201 characters", strings.Repeat("é", 201), strings.Repeat("é", 201), "The purpose has 201 characters. Use 200 or fewer."},
		{"NUL", "a\x00b", "a\x00b", invisible},
		{"line end", "a\nb", "a\nb", invisible},
		{"tab", "a\tb", "a\tb", invisible},
		{"escape", "\x1b[31mred", "\x1b[31mred", invisible},
		{"C1 control", "a\u009bb", "a\u009bb", invisible},
		{"line separator", "a\u2028b", "a\u2028b", invisible},
		{"right-to-left override", "a\u202eb", "a\u202eb", invisible},
		{"isolate", "a\u2066b", "a\u2066b", invisible},
		{"byte order mark", "\ufeffa", "\ufeffa", invisible},
		{"invalid UTF-8", "a\xffb", "", notUTF8},
		{"half a surrogate pair", "a\xed\xa0\x80", "", notUTF8},
		{"replacement character", "a\ufffdb", "a\ufffdb", damaged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problem := models.CleanText(tt.in, "The purpose", 200)
			if got != tt.want || problem != tt.problem {
				t.Errorf("got %q, %q, want %q, %q", got, problem, tt.want, tt.problem)
			}
		})
	}
}

func FuzzCleanText(f *testing.F) {
	for _, s := range []string{"a", " a\x00", "\u202e", "\xff", strings.Repeat("é", 201)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean, problem := models.CleanText(s, "The purpose", 200)
		if problem != "" {
			return
		}
		if again, problem := models.CleanText(clean, "The purpose", 200); again != clean || problem != "" {
			t.Errorf("%q is not clean after cleaning: %q, %q", s, again, problem)
		}
		if len([]rune(clean)) > 200 || strings.ContainsAny(clean, "\x00\r\n") {
			t.Errorf("accepted %q", s)
		}
	})
}

func TestFold(t *testing.T) {
	if got, want := models.Fold("  Über DEPLOY "), "über deploy"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestListed(t *testing.T) {
	tests := []struct {
		name  string
		words []string
		want  string
	}{
		{"none", nil, ""},
		{"one", []string{"a"}, "a"},
		{"two", []string{"a", "b"}, "a and b"},
		{"three", []string{"a", "b", "c"}, "a, b and c"},
	}
	for _, tt := range tests {
		if got := models.Listed(tt.words); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPageClamp(t *testing.T) {
	tests := []struct {
		name string
		in   models.Page
		want models.Page
	}{
		{"usual", models.Page{Skip: 30, Take: 30}, models.Page{Skip: 30, Take: 30}},
		{"negative", models.Page{Skip: -1, Take: -1}, models.Page{}},
		{"no rows", models.Page{Take: 0}, models.Page{}},
		{"all rows", models.Page{Take: 2147483647}, models.Page{Take: models.MaxTake}},
	}
	for _, tt := range tests {
		if got := tt.in.Clamp(); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestSessionLive(t *testing.T) {
	session := models.Session{CreatedAt: now, SeenAt: now.Add(11*time.Hour + 30*time.Minute), EndsAt: now.Add(models.SessionAbsolute)}
	idle := models.Session{CreatedAt: now, SeenAt: now, EndsAt: now.Add(models.SessionAbsolute)}
	tests := []struct {
		name    string
		session models.Session
		at      time.Time
		want    bool
	}{
		{"in use", session, now.Add(models.SessionAbsolute - 1), true},
		{"absolute end", session, now.Add(models.SessionAbsolute), false},
		{"not yet idle", idle, now.Add(models.SessionIdle - 1), true},
		{"idle", idle, now.Add(models.SessionIdle), false},
		{"zero value", models.Session{}, now, false},
	}
	for _, tt := range tests {
		if got := tt.session.Live(tt.at); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
