//go:build unix

package main

import (
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keyport/keyport/models/store/storetest"
)

func readText(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// instructions are the lines of a Dockerfile, those that go on joined.
func instructions(text string) [][]string {
	var list [][]string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if words := strings.Fields(line); len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			list = append(list, words)
		}
	}
	return list
}

// No engine builds the image here, so what it relies on is checked one by one.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	stage, user, health := "", "", false
	var copied []string
	for _, words := range instructions(readText(t, "deploy/Dockerfile")) {
		switch words[0] {
		case "FROM":
			stage, user = words[1], ""
		case "USER":
			user = words[1]
		case "COPY":
			if !strings.HasPrefix(words[1], "--from=") {
				copied = append(copied, words[1:len(words)-1]...)
			}
		case "HEALTHCHECK":
			health = true
			quoted := regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(strings.Join(words, " "), -1)
			if len(quoted) != 2 || quoted[0][1] != "/keyport" {
				t.Fatalf("HEALTHCHECK: %v", words)
			}
			if _, err := parseCommand([]string{quoted[1][1]}); err != nil {
				t.Errorf("HEALTHCHECK: %v", err)
			}
		}
	}
	if stage != "scratch" || !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) || !health {
		t.Errorf("the image is made of %s, runs as %q, is asked for its health: %v", stage, user, health)
	}
	for _, name := range copied {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("COPY: %v", err)
		}
	}
	// All that go build needs must be copied, and be let in by the ignore file.
	ignored := readText(t, "deploy/Dockerfile.dockerignore")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && holdsGo(t, filepath.Join(root, e.Name())) && !slices.Contains(copied, e.Name()) {
			t.Errorf("%s holds Go files and is not copied", e.Name())
		}
	}
	for _, name := range copied {
		if !strings.Contains(ignored, "\n!"+name+"\n") {
			t.Errorf("the ignore file keeps %s out", name)
		}
	}
}

func holdsGo(t testing.TB, folder string) (found bool) {
	t.Helper()
	if name := filepath.Base(folder); name == "node_modules" || strings.HasPrefix(name, ".") {
		return false
	}
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") {
			found = true
			return fs.SkipAll
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A variable that was renamed must not live on in the files for operators.
func TestDeployFilesNameVariablesThatExist(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("deploy/*")
	if err != nil || len(files) < 5 {
		t.Fatalf("files: %v, %v", files, err)
	}
	for _, file := range files {
		for _, name := range regexp.MustCompile(`KEYPORT_[A-Z_]+`).FindAllString(readText(t, file), -1) {
			if !slices.ContainsFunc(variables, func(v variable) bool { return v.name == name }) {
				t.Errorf("%s names %s, which there is not", file, name)
			}
		}
	}
}

// What the units start must be commands that there are, and a timer's service
// must be there; the rest is systemd-analyze verify's.
func TestUnitsStartCommandsThatExist(t *testing.T) {
	t.Parallel()
	units, err := filepath.Glob("deploy/*.service")
	if err != nil || len(units) < 2 {
		t.Fatalf("units: %v, %v", units, err)
	}
	for _, unit := range units {
		start := regexp.MustCompile(`(?m)^ExecStart=\S+ (.*)$`).FindStringSubmatch(readText(t, unit))
		if start == nil {
			t.Fatalf("%s starts nothing", unit)
		}
		if _, err := parseCommand(strings.Fields(start[1])); err != nil {
			t.Errorf("ExecStart of %s: %v", unit, err)
		}
	}
	timers, err := filepath.Glob("deploy/*.timer")
	if err != nil || len(timers) == 0 {
		t.Fatalf("timers: %v, %v", timers, err)
	}
	for _, timer := range timers {
		if !slices.Contains(units, strings.TrimSuffix(timer, ".timer")+".service") {
			t.Errorf("%s starts a service that there is not", timer)
		}
	}
}

// systemd shows the right of the service to its credentials as one of the group.
func TestMasterKeyAsCredential(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "master.key")
	if err := os.WriteFile(file, []byte(oneKey), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		mode        fs.FileMode
		credentials string
		ok          bool
	}{
		{0o440, folder, true}, {0o440, folder + "/", true}, {0o400, "", true}, {0o440, "", false},
		{0o440, filepath.Dir(folder), false}, {0o444, folder, false}, {0o460, folder, false},
	} {
		if err := os.Chmod(file, tt.mode); err != nil {
			t.Fatal(err)
		}
		env := environ{"KEYPORT_MASTER_KEY_FILE": file, "CREDENTIALS_DIRECTORY": tt.credentials}
		if _, err := readConfig(env.get); (err == nil) != tt.ok {
			t.Errorf("mode %v, credentials in %q: %v, want it to be accepted: %v", tt.mode, tt.credentials, err, tt.ok)
		}
	}
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	env := place(t, storetest.SQLite)
	p := startPortal(t, env)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(p.url, "http://"))
	for _, listen := range []string{"127.0.0.1:" + port, ":" + port, "0.0.0.0:" + port} {
		asking := env.with("KEYPORT_LISTEN", listen)
		keyport(t, asking, "", "healthcheck").want(t, exitOK, "")
		keyport(t, asking, "", "healthcheck", "--ready").want(t, exitOK, "")
	}
	p.stop(t)
	keyport(t, env.with("KEYPORT_LISTEN", "127.0.0.1:"+port), "", "healthcheck").want(t, exitFailure, "Nothing answers on")
	sick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "stopping", http.StatusServiceUnavailable) }))
	defer sick.Close()
	keyport(t, env.with("KEYPORT_LISTEN", strings.TrimPrefix(sick.URL, "http://")), "", "healthcheck", "--ready").want(t, exitFailure, "by 503: stopping")
}
