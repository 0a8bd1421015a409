//go:build unix

package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/keyport/keyport/models/store/storetest"
)

func TestAuditVerify(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		keyport(t, env, "", "user", "create", "--username", "robot", "--service-account").want(t, exitOK, "")
		for range 3 {
			keyport(t, env, "", "apikey", "create", "--user", "robot", "--purpose", "CI").want(t, exitOK, "")
		}
		whole := keyport(t, env, "", "audit", "verify")
		whole.want(t, exitOK, "")
		head := regexp.MustCompile(`head (\d+:[0-9a-f]{64})`).FindStringSubmatch(whole.stdout)
		if head == nil || !strings.Contains(whole.stdout, "4 events from event 1 on") {
			t.Fatalf("got %q, want four events and the head", whole.stdout)
		}
		keyport(t, env, "", "audit", "verify", "--head", head[1]).want(t, exitOK, "")
		keyport(t, env, "", "audit", "verify", "--head", head[1][:len(head[1])-1]).want(t, exitUsage, "is not a head")

		// Somebody cuts off the end, and the head with it: only the noted head tells.
		db := storetest.SQL(t, databaseOf(env))
		guard := []string{"DROP TRIGGER events_kept"}
		if env["KEYPORT_DATABASE_URL"] != "" {
			guard = []string{"DROP TRIGGER events_guard ON events"}
		}
		for _, statement := range append(guard, "UPDATE audit_head SET event_id = 3, mac = (SELECT mac FROM events WHERE id = 3)", "DELETE FROM events WHERE id = 4") {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		keyport(t, env, "", "audit", "verify").want(t, exitOK, "")
		keyport(t, env, "", "audit", "verify", "--head", head[1]).want(t, exitFailure, "Event 4 is missing. 3 events before it are as they were written.")
	})
}

func databaseOf(env environ) string {
	if url := env["KEYPORT_DATABASE_URL"]; url != "" {
		return url
	}
	return "sqlite:" + env["KEYPORT_DATA_DIR"] + "/keyport.db"
}
