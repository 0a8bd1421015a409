package store_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// Nothing that is written anywhere holds a secret or a long part of one.
func TestSecretIsNowhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		var bodies []string
		for range 5 {
			key, secret, err := f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "p"})
			wantKind(t, err, 0)
			opens(t, f, secret)
			must[models.APIKey](t)(f.Store.RevokeAPIKey(ctx, f.Alice.ID, key.ID))
			bodies = append(bodies, secret.Reveal()[len(models.SecretPrefix)+models.HintLength:])
		}
		written := f.Log.String() + dump(t, f)
		for _, body := range bodies {
			for i := 0; i+8 <= len(body); i++ {
				if strings.Contains(written, body[i:i+8]) {
					t.Fatalf("a part of a secret was written down")
				}
			}
		}
		if regexp.MustCompile(`API-[A-Z0-9]{8}`).MatchString(written) {
			t.Error("more than the hint of a key was written down")
		}
	})
}

// dump returns all that the database holds, as text.
func dump(t *testing.T, f *storetest.Fixture) string {
	t.Helper()
	var all strings.Builder
	if path, isFile := strings.CutPrefix(f.URL, "sqlite:"); isFile {
		for _, suffix := range []string{"", "-wal"} {
			content, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(content)
		}
		return all.String()
	}
	db := storetest.SQL(t, f.URL)
	for _, table := range []string{"users", "api_keys", "sessions", "events", "one_time_links", "auth_settings"} {
		rows, err := db.Query("SELECT t::text FROM " + table + " t")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			all.WriteString(row + "\n")
		}
		rows.Close()
	}
	return all.String()
}
