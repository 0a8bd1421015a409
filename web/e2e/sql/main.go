// Command sql runs one statement on the SQLite database of a running Keyport,
// for browser tests that need a past: Node has no driver of its own.
//
//	go run ./web/e2e/sql sqlite:/path/keyport.db "UPDATE …"
package main

import (
	"database/sql"
	"log"
	"os"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: sql sqlite:/path/keyport.db statement")
	}
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(os.Args[1], "sqlite:")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(os.Args[2]); err != nil {
		log.Fatal(err)
	}
}
