package models

// wildcardWords is how many machine words hold the states of a pattern: one bit
// for each of its characters and one for its end.
const wildcardWords = (MaxSubject + 64) / 64

// wildcardStates is a set of places in a pattern.
type wildcardStates [wildcardWords]uint64

func (s *wildcardStates) add(i int) { s[i/64] |= 1 << (i % 64) }

// wildcard is a pattern made ready: a place for each character that is no star.
type wildcard struct {
	exact map[rune]wildcardStates // places that want this character
	any   wildcardStates          // places of question marks, which want some character
	loops wildcardStates          // places that a star stands before
	end   int                     // the place behind the last one
}

// matchesWildcard reports whether a text is of the form of a pattern, in which
// a star stands for any characters or none and a question mark for one. Case
// counts. The text is read once from its beginning to its end, whatever the
// pattern: all places in the pattern are followed at the same time, so that no
// pattern and no text can make it slow.
func matchesWildcard(pattern, text string) bool {
	if len(pattern) > MaxSubject {
		return false
	}
	w := newWildcard(pattern)
	var now wildcardStates
	now.add(0)
	for _, r := range text {
		now = w.step(now, w.exact[r])
	}
	return now[w.end/64]&(1<<(w.end%64)) != 0
}

func newWildcard(pattern string) wildcard {
	w := wildcard{exact: map[rune]wildcardStates{}}
	for _, r := range pattern {
		switch r {
		case '*':
			w.loops.add(w.end)
			continue
		case '?':
			w.any.add(w.end)
		default:
			places := w.exact[r]
			places.add(w.end)
			w.exact[r] = places
		}
		w.end++
	}
	return w
}

// step reads one character: from a place that wants it to the next place, and
// from one with a star also to itself.
func (w *wildcard) step(now, exact wildcardStates) (next wildcardStates) {
	var carry uint64
	for i := range now {
		moved := now[i] & (exact[i] | w.any[i])
		next[i] = moved<<1 | carry | now[i]&w.loops[i]
		carry = moved >> 63
	}
	return next
}
