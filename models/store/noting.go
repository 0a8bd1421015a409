//go:build !uncounted

package store

// Noting says that calls are noted: when and from where a key was used, and how
// many were let in or refused. The benchmark builds a server without it, to
// measure what that costs; nothing else is ever built so.
const Noting = true
