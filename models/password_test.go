package models_test

import (
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestPasswordPolicy(t *testing.T) {
	const (
		short      = "Use at least 15"
		long       = "or fewer"
		repeats    = "repeats the same"
		walks      = "neighbouring characters"
		covered    = "little more than"
		wellKnown  = "attackers try first"
		fine       = ""
		damaged    = "not UTF-8"
		composed   = "r\u00e9sum\u00e9 and a pint"   // 15 characters
		decomposed = "re\u0301sume\u0301 and a pint" // 17, before the store has composed it
	)
	tests := []struct{ name, password, want string }{
		{"a sentence", "quiet river under stars", fine},
		{"four words", "correct horse battery staple", fine},
		{"no Latin letters", "тихая река под звёздами", fine},
		{"emoji", "🌲🦊🎻🏔️🚂🌊🧭🪁🍋🎲🔭🧶🪐🎯🦉", fine},
		{"random", "v9#Kq2!mZ7&tR4p", fine},
		{"random digits", "804271953860284", fine},
		{"accents", composed, fine},
		{"accents apart", decomposed, fine},
		{"a word and much that is random", "sunshine 4k9 w7q zx2 m1", fine},
		{"256 characters", strings.Repeat("a wide field, ", 18) + "that", fine},

		{"empty", "", short},
		{"14 characters", "quiet river un", short},
		{"257 characters", strings.Repeat("x", 257), long},
		{"bytes", "quiet river \xff stars", damaged},
		{"one character", "aaaaaaaaaaaaaaa", repeats},
		{"two characters", "abababababababab", repeats},
		{"a few, repeated", "7hK!x7hK!x7hK!x", repeats},
		{"the last one cut short", "7hK!xw27hK!xw27h", repeats},
		{"alphabet", "abcdefghijklmno", walks},
		{"backwards", "987654321098765", walks},
		{"keyboard", "qwertyuiopasdfg", walks},
		{"keyboard, columns", "1qaz2wsx3edc4rfv", walks},
		{"keyboard, backwards, capitals", "POIUYTREWQLKJHG", walks},

		{"own name", "mayalindqvist12", covered},
		{"own name, turned", "Lindqvist Maya!!", covered},
		{"own address", "maya.lindqvist@example.com", covered},
		{"company", "example-example", covered},
		{"product", "KeyportKeyport1", covered},
		{"product and name", "keyport-maya-2026", covered},
		{"the word itself", "Password Password", covered},

		{"on the list", "zQjphsyf6ctifgu", wellKnown},
		{"on the list, random", "Hd764nW5d7E1vb1", wellKnown},
		{"on the list, capitals", "MomsAnalAdventure", wellKnown},
		{"on the list, long", "polniypizdec0211", wellKnown},
		{"padded behind", "sunshine2026!!!", wellKnown},
		{"padded before", "!!!2026Sunshine", wellKnown},
		{"padded around", "***chocolate***", wellKnown},
		{"padded with a run", "basketball123456789", wellKnown},
		{"padded with one sign", "basketball..............", wellKnown},
		{"repeated", "sunshinesunshine", wellKnown},
		{"repeated, padded", "Sunshine1!Sunshine1!", wellKnown},
		{"repeated, with blanks", "sunshine sunshine", wellKnown},
		{"letters as digits", "5un$h1n3-5un$h1n3", wellKnown},
		{"letters as digits, padded", "b4$k3tb4ll_2026", wellKnown},
		{"repeated with signs, padded", "sunshine-sunshine-2026", wellKnown},
		{"letters apart", "b.a.s.k.e.t.b.a.l.l", wellKnown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := models.PasswordProblem(test.password, "maya", "Maya Lindqvist", "maya.lindqvist@example.com")
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("%q: got %q, want %q", test.password, got, test.want)
			}
		})
	}
}

// Long texts that no list holds must pass: a filter that says yes too often
// would be worse than none.
func TestPasswordPolicySparesOthers(t *testing.T) {
	refused := 0
	const tries = 20_000
	for range tries {
		if models.PasswordProblem(models.NewToken()) != "" {
			refused++
		}
	}
	if refused > tries/1000 {
		t.Errorf("%d of %d random passwords were refused, want hardly one in ten thousand", refused, tries)
	}
}

func BenchmarkPasswordProblem(b *testing.B) {
	for b.Loop() {
		models.PasswordProblem("correct horse battery staple", "maya", "Maya Lindqvist", "maya.lindqvist@example.com")
	}
}
