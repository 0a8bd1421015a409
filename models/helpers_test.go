package models_test

import (
	"archive/zip"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/keyport/keyport/models"
)

// now is the moment at which most tests take place.
var now = time.Date(2026, 11, 23, 10, 30, 15, 123456000, time.UTC)

const day = 24 * time.Hour

func date(t testing.TB, s string) models.Date {
	t.Helper()
	d, err := models.ParseDate(s)
	if err != nil {
		t.Fatalf("ParseDate(%q): %v", s, err)
	}
	return d
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, ok := models.ParseZone(name)
	if !ok {
		t.Fatalf("ParseZone(%q) refused it", name)
	}
	return loc
}

// zoneLoader reads a zone from one source of zone data.
type zoneLoader func(t testing.TB, name string) *time.Location

// shippedZones reads the data that Go ships and the program embeds. It lists
// transitions only up to the last change of a rule; a machine's own files often
// list them up to 2037, and hide what happens beyond the list.
func shippedZones(t testing.TB) zoneLoader {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("the Go installation can't be found: %v", err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatalf("the zone data of the Go installation can't be read: %v", err)
	}
	data := map[string][]byte{}
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if data[file.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	archive.Close()
	return func(t testing.TB, name string) *time.Location {
		t.Helper()
		loc, err := time.LoadLocationFromTZData(name, data[name])
		if err != nil {
			t.Fatalf("zone %s: %v", name, err)
		}
		return loc
	}
}

// problem returns the message about a field and checks that the error is a
// refusal of the input.
func problem(t testing.TB, err error, field string) string {
	t.Helper()
	if err == nil {
		return ""
	}
	if got := models.KindOf(err); got != models.Invalid {
		t.Fatalf("kind of %q: got %v, want Invalid", err, got)
	}
	return models.Refusal(err).Problem(field)
}
