package store

// learn finds out what has ended since the backup: what is said not to work by
// the journal or by the database does not.
func (r *restoring) learn() error {
	used := false
	for _, table := range []string{"users", "events"} {
		var n int64
		if err := r.db.Raw("SELECT count(*) FROM (SELECT 1 FROM " + table + " LIMIT 1) AS found").Row().Scan(&n); err != nil {
			return err
		}
		used = used || n > 0
	}
	if used && !r.Replace {
		return &OpenError{"The database is in use: it has users or events. To replace all of it, add --replace.", nil}
	}
	if r.Journal != nil {
		if r.Journal.Header.Installation != r.file.Header.Installation || r.Journal.Header.TakenAt.Before(r.file.Header.TakenAt) {
			return &OpenError{"The journal is older than the backup, or of another installation, so it does not tell what has ended since. Take one that was made after the backup.", nil}
		}
		journal, err := readJournal(r.Journal)
		if err != nil {
			return err
		}
		r.known = &journal
	}
	if used {
		return r.learnFromDatabase()
	}
	return nil
}

// learnFromDatabase adds what the database tells, if it is the one that the
// backup was made of.
func (r *restoring) learnFromDatabase() error {
	var installation string
	if err := r.db.Raw("SELECT COALESCE(MAX(uuid), '') FROM installation").Row().Scan(&installation); err != nil {
		return err
	}
	if installation != r.file.Header.Installation {
		return nil
	}
	now, err := r.store.alive(r.db, r.now)
	if err != nil {
		return err
	}
	if r.known != nil {
		now.narrow(*r.known)
	}
	r.known, r.live = &now, true
	return nil
}
