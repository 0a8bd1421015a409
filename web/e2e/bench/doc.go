//go:build unix

// Command bench measures Keyport against handlers that do less, on both
// databases, and prints one table of ratios:
//
//	npm run bench
//
// It starts everything itself: servers are processes of their own, which are
// this program once more (see serve), and end with it by whatever cause. The two
// sides of a ratio take turns within the same seconds, so that whatever else the
// machine does hits both; what is printed is the median of the turns.
package main
