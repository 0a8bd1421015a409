//go:build unix

package main

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	oneKey     = strings.Repeat("4b", 32)
	anotherKey = strings.Repeat("5c", 32)
)

func TestConfigurationRefused(t *testing.T) {
	t.Parallel()
	files := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(files, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open, short := write("open", oneKey, 0o644), write("short", "abc", 0o600)
	group, long := write("group", oneKey, 0o640), write("long", strings.Repeat("#\n", 20<<10), 0o600)
	tests := []struct {
		name     string
		env      environ
		sentence string // what the line must hold
	}{
		{"listen without port", environ{"KEYPORT_LISTEN": "127.0.0.1"}, `KEYPORT_LISTEN is "127.0.0.1". Use an address and a port`},
		{"listen with a word", environ{"KEYPORT_LISTEN": "127.0.0.1:http"}, "KEYPORT_LISTEN"},
		{"listen beyond the last port", environ{"KEYPORT_LISTEN": "127.0.0.1:65536"}, "KEYPORT_LISTEN"},
		{"listen, negative", environ{"KEYPORT_LISTEN": ":-1"}, "KEYPORT_LISTEN"},
		{"listen as URL", environ{"KEYPORT_LISTEN": "http://127.0.0.1:8080"}, "KEYPORT_LISTEN"},
		{"metrics without port", environ{"KEYPORT_METRICS_LISTEN": "localhost"}, "KEYPORT_METRICS_LISTEN is"},
		{"stop too late", environ{"KEYPORT_SHUTDOWN_DELAY": "61s"}, "KEYPORT_SHUTDOWN_DELAY is"},
		{"stop before it is asked for", environ{"KEYPORT_SHUTDOWN_DELAY": "-1s"}, "KEYPORT_SHUTDOWN_DELAY is"},
		{"traces, no address", environ{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT is not an address"},
		{"traces, with a password", environ{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://maya:hunter2hunter2@c.example.com"}, "OTEL_EXPORTER_OTLP_ENDPOINT must not hold a user name"},
		{"traces by gRPC", environ{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "Keyport speaks http/protobuf"},
		{"stop, word", environ{"KEYPORT_SHUTDOWN_DELAY": "soon"}, "KEYPORT_SHUTDOWN_DELAY is"},
		{"public URL without scheme", environ{"KEYPORT_PUBLIC_URL": "keys.example.com"}, "KEYPORT_PUBLIC_URL must begin with http:// or https://"},
		{"public URL of another scheme", environ{"KEYPORT_PUBLIC_URL": "ftp://keys.example.com"}, "KEYPORT_PUBLIC_URL must begin with"},
		{"public URL without host", environ{"KEYPORT_PUBLIC_URL": "https:///keys"}, "KEYPORT_PUBLIC_URL must begin with"},
		{"public URL, opaque", environ{"KEYPORT_PUBLIC_URL": "https:keys.example.com"}, "KEYPORT_PUBLIC_URL must begin with"},
		{"public URL with port 0", environ{"KEYPORT_PUBLIC_URL": "https://keys.example.com:0"}, "KEYPORT_PUBLIC_URL must begin with"},
		{"public URL with port 70000", environ{"KEYPORT_PUBLIC_URL": "https://keys.example.com:70000"}, "KEYPORT_PUBLIC_URL must begin with"},
		{"public URL with query", environ{"KEYPORT_PUBLIC_URL": "https://keys.example.com/?a=b"}, "KEYPORT_PUBLIC_URL must not hold a question mark"},
		{"public URL with empty query", environ{"KEYPORT_PUBLIC_URL": "https://keys.example.com/?"}, "KEYPORT_PUBLIC_URL must not hold a question mark"},
		{"public URL with fragment", environ{"KEYPORT_PUBLIC_URL": "https://keys.example.com/#top"}, "KEYPORT_PUBLIC_URL must not hold"},
		{"public URL with empty fragment", environ{"KEYPORT_PUBLIC_URL": "https://keys.example.com/#"}, "KEYPORT_PUBLIC_URL must not hold"},
		{"public URL with password", environ{"KEYPORT_PUBLIC_URL": "https://maya:hunter2hunter2@keys.example.com"}, "KEYPORT_PUBLIC_URL must not hold a user name"},
		{"public URL with dots", environ{"KEYPORT_PUBLIC_URL": "https://keys.example.com/a/../b"}, "KEYPORT_PUBLIC_URL must not hold //"},
		{"public URL, unreadable", environ{"KEYPORT_PUBLIC_URL": "https://keys.example.com/%zz"}, "KEYPORT_PUBLIC_URL is not an address"},
		{"database of another engine", environ{"KEYPORT_DATABASE_URL": "mysql://root:hunter2hunter2@db/keyport"}, "KEYPORT_DATABASE_URL is not the address of a database"},
		{"database without scheme", environ{"KEYPORT_DATABASE_URL": "keyport.db"}, "KEYPORT_DATABASE_URL"},
		{"database without path", environ{"KEYPORT_DATABASE_URL": "sqlite:"}, "KEYPORT_DATABASE_URL"},
		{"database in memory", environ{"KEYPORT_DATABASE_URL": "sqlite::memory:"}, "KEYPORT_DATABASE_URL"},
		{"database without name", environ{"KEYPORT_DATABASE_URL": "postgres://maya:hunter2hunter2@db"}, "KEYPORT_DATABASE_URL"},
		{"database, unreadable", environ{"KEYPORT_DATABASE_URL": "postgres://maya:hunter2hunter2%@db/keyport"}, "KEYPORT_DATABASE_URL"},
		{"trusted proxies, word", environ{"KEYPORT_TRUSTED_PROXIES": "10.0.0.0/8, proxy"}, `KEYPORT_TRUSTED_PROXIES holds "proxy"`},
		{"egress, word", environ{"KEYPORT_EGRESS_ALLOW": "10.0.0.0/8 and more"}, `KEYPORT_EGRESS_ALLOW holds "10.0.0.0/8 and more"`},
		{"trusted proxies, too wide", environ{"KEYPORT_TRUSTED_PROXIES": "10.0.0.0/33"}, "KEYPORT_TRUSTED_PROXIES"},
		{"trusted proxies, zone", environ{"KEYPORT_TRUSTED_PROXIES": "fe80::1%eth0"}, "KEYPORT_TRUSTED_PROXIES"},
		{"query keys", environ{"KEYPORT_QUERY_KEYS": "no"}, `KEYPORT_QUERY_KEYS is "no". Use on or off.`},
		{"log", environ{"KEYPORT_LOG": "xml"}, `KEYPORT_LOG is "xml". Use text or json.`},
		{"data folder with NUL", environ{"KEYPORT_DATA_DIR": "a\x00b"}, "KEYPORT_DATA_DIR holds a NUL character"},
		{"master key, short", environ{"KEYPORT_MASTER_KEY": "hunter2hunter2"}, "KEYPORT_MASTER_KEY can't be used: the master key must be 32 bytes"},
		{"master key, blank", environ{"KEYPORT_MASTER_KEY": " "}, "KEYPORT_MASTER_KEY can't be used: the master key is empty"},
		{"master key twice", environ{"KEYPORT_MASTER_KEY": oneKey, "KEYPORT_MASTER_KEY_FILE": short}, "KEYPORT_MASTER_KEY and KEYPORT_MASTER_KEY_FILE are both set"},
		{"master key file, missing", environ{"KEYPORT_MASTER_KEY_FILE": filepath.Join(files, "none")}, "KEYPORT_MASTER_KEY_FILE names"},
		{"master key file, short", environ{"KEYPORT_MASTER_KEY_FILE": short}, "short can't be used"},
		{"master key file, long", environ{"KEYPORT_MASTER_KEY_FILE": long}, "long can't be read, or is too long"},
		{"master key file, readable by all", environ{"KEYPORT_MASTER_KEY_FILE": open}, "can be read by other accounts. Run: chmod 600 " + open},
		{"master key file, readable by the group", environ{"KEYPORT_MASTER_KEY_FILE": group}, "Run: chmod 600 " + group},
		{"master key file, folder", environ{"KEYPORT_MASTER_KEY_FILE": files}, "is not a file"},
		{"administrator without password", environ{"KEYPORT_ADMIN_USERNAME": "maya"}, "KEYPORT_ADMIN_PASSWORD is missing"},
		{"administrator without name", environ{"KEYPORT_ADMIN_PASSWORD": password}, "KEYPORT_ADMIN_USERNAME is missing"},
		{"administrator's address alone", environ{"KEYPORT_ADMIN_EMAIL": "maya@example.com"}, "KEYPORT_ADMIN_USERNAME is missing"},
		{"administrator, weak password", environ{"KEYPORT_ADMIN_USERNAME": "maya", "KEYPORT_ADMIN_PASSWORD": "hunter2hunter2"}, "KEYPORT_ADMIN_PASSWORD can't be used. Use at least 15 characters."},
		{"administrator, reserved name", environ{"KEYPORT_ADMIN_USERNAME": "system", "KEYPORT_ADMIN_PASSWORD": password}, "KEYPORT_ADMIN_USERNAME can't be used. The user name system is reserved."},
		{"administrator, wrong address", environ{"KEYPORT_ADMIN_USERNAME": "maya", "KEYPORT_ADMIN_PASSWORD": password, "KEYPORT_ADMIN_EMAIL": "maya"}, "KEYPORT_ADMIN_EMAIL can't be used."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			usual := environ{"KEYPORT_LISTEN": "127.0.0.1:0", "KEYPORT_DATA_DIR": filepath.Join(folder, "data")}
			env := usual.with()
			for name, value := range tt.env {
				env[name] = value
			}
			got := keyport(t, env, "")
			got.want(t, exitUsage, tt.sentence)
			if strings.Count(got.stderr, "\n") != 1 || !strings.HasPrefix(got.stderr, "keyport: ") || got.stdout != "" {
				t.Errorf("got %q and %q, want one line on standard error", got.stdout, got.stderr)
			}
			if strings.Contains(got.stderr, "hunter2") {
				t.Errorf("shows a secret: %s", got.stderr)
			}
			if !isEmpty(t, folder) {
				t.Error("something was created")
			}
		})
	}
}

func TestReadConfig(t *testing.T) {
	t.Parallel()
	c, err := readConfig(environ{}.get)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || c.DataDir != "data" || c.DatabaseURL != "sqlite:data/keyport.db" || c.PublicURL != nil || c.LogJSON || c.RefuseQueryKeys || c.Admin.Username != "" {
		t.Errorf("defaults: got %+v", c)
	}
	if c.MasterKeyFile != filepath.Join("data", "master.key") || c.Masters != nil {
		t.Errorf("master key: got %q", c.MasterKeyFile)
	}

	c, err = readConfig(environ{
		"KEYPORT_LISTEN": "[::1]:080", "KEYPORT_PUBLIC_URL": "https://keys.example.com/portal/", "KEYPORT_LOG": "json", "KEYPORT_QUERY_KEYS": "off",
		"KEYPORT_TRUSTED_PROXIES": " 10.1.2.3/8,192.0.2.7,, ::ffff:192.0.2.8, 2001:db8::/32", "KEYPORT_MASTER_KEY": oneKey + "\n" + anotherKey, "KEYPORT_EGRESS_ALLOW": "10.7.8.9/16,::1",
		"KEYPORT_ADMIN_USERNAME": "maya", "KEYPORT_ADMIN_PASSWORD": password, "KEYPORT_ADMIN_EMAIL": "maya@example.com",
	}.get)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "[::1]:80" || c.PublicURL.String() != "https://keys.example.com/portal" || !c.LogJSON || !c.RefuseQueryKeys {
		t.Errorf("got %+v", c)
	}
	want := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"),
		netip.MustParsePrefix("192.0.2.8/32"), netip.MustParsePrefix("2001:db8::/32"),
	}
	if !slices.Equal(c.TrustedProxies, want) {
		t.Errorf("trusted proxies: got %v, want %v", c.TrustedProxies, want)
	}
	if want := []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16"), netip.MustParsePrefix("::1/128")}; !slices.Equal(c.EgressAllow, want) {
		t.Errorf("egress: got %v, want %v", c.EgressAllow, want)
	}
	if len(c.Masters) != 2 || hex.EncodeToString(c.Masters[0]) != oneKey || c.MasterKeyFile != "" {
		t.Error("master keys: got others than those given")
	}
	if c.Admin.Username != "maya" || c.Admin.DisplayName != "maya" || c.Admin.Email != "maya@example.com" || c.Admin.Password != password {
		t.Error("administrator: got another one than given")
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, url, want, path string }{
		{"SQLite", "sqlite:data/keyport.db", "data/keyport.db", "data/keyport.db"},
		{"SQLite as URL", "sqlite:///var/lib/keyport.db", "/var/lib/keyport.db", "/var/lib/keyport.db"},
		{"PostgreSQL", "postgres://maya:hunter2@db.example.com:5432/keyport?sslmode=require", "keyport at db.example.com:5432", ""},
		{"PostgreSQL by socket", "postgres://maya:hunter2@/keyport?host=/run/postgresql&password=hunter2", "keyport at /run/postgresql", ""},
		{"PostgreSQL without host", "postgresql:///keyport", "keyport at localhost", ""},
	}
	for _, tt := range tests {
		c := Config{DatabaseURL: tt.url}
		if got := c.Place(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		if got := c.SQLitePath(); got != tt.path {
			t.Errorf("%s: path: got %q, want %q", tt.name, got, tt.path)
		}
	}
}

// The help names every variable that is read, and no other.
func TestHelpNamesEveryVariable(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	if _, err := readConfig(func(name string) string { read[name] = true; return "" }); err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		if !read[v.name] {
			t.Errorf("%s is in the help but is not read", v.name)
		}
		delete(read, v.name)
	}
	for name := range read {
		t.Errorf("%s is read but is not in the help", name)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	broken := environ{"KEYPORT_LISTEN": "nonsense"} // help must come all the same
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}, {"serve", "--help"}, {"user", "create", "-h"}, {"user", "--help"}, {"apikey", "create", "--help"}} {
		got := keyport(t, broken, "", args...)
		if got.code != exitOK || got.stderr != "" {
			t.Errorf("%v: got %d, %q", args, got.code, got.stderr)
		}
		for _, word := range []string{"serve", "migrate", "user create", "apikey create", "version", "--service-account", "--expires", "KEYPORT_MASTER_KEY_FILE", "127.0.0.1:8080"} {
			if !strings.Contains(got.stdout, word) {
				t.Errorf("%v: the help lacks %q", args, word)
			}
		}
	}
	if got, want := keyport(t, broken, "", "version").stdout, fmt.Sprintf("keyport %s\n", version); got != want {
		t.Errorf("version: got %q, want %q", got, want)
	}
}
