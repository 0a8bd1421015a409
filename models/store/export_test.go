package store

// Hashes returns how many password hashes the store has worked out.
func (s *Store) Hashes() int64 { return s.hashing.done.Load() }
