//go:build uncounted

package store

// Noting says that calls are not noted, in the server that the benchmark
// compares the real one with.
const Noting = false
