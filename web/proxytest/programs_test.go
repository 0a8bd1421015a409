//go:build proxies

package proxytest

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// The places that the recipes name for the service and for authorities.
const (
	serviceAddress = "127.0.0.1:8081"
	authorities    = "/etc/ssl/certs/ca-certificates.crt"
)

var programs = []program{nginx, caddy, haproxy, apache}

// atHand are the programs, and Traefik where it is in the path: Debian has none,
// npm run test:traefik builds one.
func atHand() []program {
	if _, err := exec.LookPath(traefik.binary); err == nil {
		return append(slices.Clone(programs), traefik)
	}
	return programs
}

func trusted(r *run) map[string]string { return map[string]string{authorities: r.file("ca.pem")} }

var nginx = program{
	name: "nginx", away: 503, binary: "nginx", install: "nginx", version: []string{"-v"},
	files: map[string]string{"nginx": "billing.conf"},
	moves: func(r *run) map[string]string {
		return map[string]string{"listen 443 ssl": fmt.Sprintf("listen 127.0.0.1:%d ssl", r.port), serviceAddress: r.service,
			"/etc/ssl/billing.pem": r.file("cert.pem"), "/etc/ssl/private/billing.key": r.file("key.pem")}
	},
	movesOfTLS: trusted,
	frame: func(r *run) map[string]string {
		var folders strings.Builder
		for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			fmt.Fprintf(&folders, "%s_temp_path %s; ", kind, r.file(kind))
		}
		return map[string]string{"nginx.conf": fmt.Sprintf("daemon off; pid %s; worker_processes 1;\nevents {}\nhttp { access_log off; %s include billing.conf; }\n", r.file("pid"), folders.String())}
	},
	args: func(r *run) []string {
		return []string{"-p", r.dir, "-e", r.file("error.log"), "-c", r.file("nginx.conf")}
	},
}

var caddy = program{
	name: "Caddy", away: 502, binary: "caddy", install: "caddy", version: []string{"version"},
	files: map[string]string{"caddy": "site"},
	moves: func(r *run) map[string]string {
		return map[string]string{serviceAddress: r.service,
			publicHost + " {": fmt.Sprintf("https://%s:%d {\n\tbind 127.0.0.1\n\ttls %s %s", publicHost, r.port, r.file("cert.pem"), r.file("key.pem"))}
	},
	frame: func(*run) map[string]string {
		return map[string]string{"Caddyfile": "{\n\tadmin off\n\tauto_https disable_redirects\n}\nimport site\n"}
	},
	args: func(r *run) []string {
		return []string{"run", "--config", r.file("Caddyfile"), "--adapter", "caddyfile"}
	},
	env: func(r *run) []string {
		return []string{"SSL_CERT_FILE=" + r.file("ca.pem"), "HOME=" + r.dir, "XDG_DATA_HOME=" + r.dir, "XDG_CONFIG_HOME=" + r.dir}
	},
}

var haproxy = program{
	name: "HAProxy", away: 503, binary: "haproxy", install: "haproxy", version: []string{"-v"},
	files: map[string]string{"haproxy": "haproxy.cfg", "haproxy-lua": "keyport.lua"},
	moves: func(r *run) map[string]string {
		return map[string]string{"bind :443 ssl": fmt.Sprintf("bind 127.0.0.1:%d ssl", r.port), serviceAddress: r.service,
			"/etc/haproxy/billing.pem": r.file("both.pem"), "/etc/haproxy/keyport.lua": r.file("keyport.lua")}
	},
	movesOfTLS: trusted,
	args:       func(r *run) []string { return []string{"-db", "-f", r.file("haproxy.cfg")} },
}

var apache = program{
	name: "Apache", away: 503, binary: "apache2", install: "apache2-bin lua-socket", version: []string{"-v"},
	files: map[string]string{"apache": "billing.conf", "apache-lua": "keyport-billing.lua"},
	moves: func(r *run) map[string]string {
		return map[string]string{"<VirtualHost *:443>": fmt.Sprintf("<VirtualHost 127.0.0.1:%d>", r.port),
			serviceAddress: r.service, "/etc/ssl/billing.pem": r.file("cert.pem"), "/etc/ssl/private/billing.key": r.file("key.pem"),
			"/etc/apache2/keyport-billing.lua": r.file("keyport-billing.lua")}
	},
	movesOfTLS: func(r *run) map[string]string {
		return map[string]string{authorities: r.file("ca.pem"), "127.0.0.1:8089": fmt.Sprintf("127.0.0.1:%d", r.spare)}
	},
	frame: func(r *run) map[string]string {
		var text strings.Builder
		fmt.Fprintf(&text, "ServerRoot %s\nDefaultRuntimeDir %s\nPidFile %s\nErrorLog %s\nServerName localhost\nListen 127.0.0.1:%d\n", r.dir, r.dir, r.file("pid"), r.file("error.log"), r.port)
		for _, module := range []string{"mpm_event", "authz_core", "lua", "proxy", "proxy_http", "ssl"} {
			fmt.Fprintf(&text, "LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", module, module)
		}
		if os.Geteuid() == 0 {
			text.WriteString("User www-data\nGroup www-data\n")
		}
		return map[string]string{"apache.conf": text.String() + "Include billing.conf\n"}
	},
	args: func(r *run) []string { return []string{"-f", r.file("apache.conf"), "-DFOREGROUND"} },
}

var traefik = program{
	name: "Traefik", away: 500, binary: "traefik", version: []string{"version"},
	files: map[string]string{"traefik": "dynamic/billing.yml"},
	moves: func(r *run) map[string]string {
		return map[string]string{serviceAddress: r.service}
	},
	frame: func(r *run) map[string]string {
		return map[string]string{
			"traefik.yml":     fmt.Sprintf("entryPoints:\n  websecure:\n    address: 127.0.0.1:%d\nproviders:\n  file:\n    directory: %s\nlog:\n  level: ERROR\n", r.port, r.file("dynamic")),
			"dynamic/tls.yml": fmt.Sprintf("tls:\n  certificates:\n    - certFile: %s\n      keyFile: %s\n", r.file("cert.pem"), r.file("key.pem")),
		}
	},
	args: func(r *run) []string { return []string{"--configFile=" + r.file("traefik.yml")} },
	env:  func(r *run) []string { return []string{"SSL_CERT_FILE=" + r.file("ca.pem")} },
}
