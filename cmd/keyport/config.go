package main

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/delivery"
)

// Config is what the environment says, checked. Only readConfig makes one.
type Config struct {
	// Listen is the address and port that the server answers on.
	Listen string
	// MetricsListen is the address and port of the metrics, "" for none.
	MetricsListen string
	// Traces is where spans are posted, nil for nowhere.
	Traces *url.URL
	// DrainDelay is how long the server goes on answering after it has said that
	// it is not ready.
	DrainDelay time.Duration
	// PublicURL is where people reach the portal, without a slash at the end;
	// nil means http and the address of Listen.
	PublicURL *url.URL
	// DataDir holds the SQLite database and the master key, unless these are
	// elsewhere.
	DataDir string
	// DatabaseURL is sqlite:PATH or postgres://…, with the password.
	DatabaseURL string
	// Masters are the master keys, newest first; nil when MasterKeyFile does
	// not exist yet.
	Masters [][]byte
	// MasterKeyFile is where a new master key is kept, "" when keys are given.
	MasterKeyFile string
	// TrustedProxies may say in X-Forwarded-For whom they speak for.
	TrustedProxies []netip.Prefix
	// RefuseQueryKeys refuses API keys in addresses, ?apikey=….
	RefuseQueryKeys bool
	// EgressAllow are networks that are not the internet, which calls to
	// addresses that users chose may reach nevertheless.
	EgressAllow []netip.Prefix
	// LogJSON writes the log as JSON instead of text.
	LogJSON bool
	// Mail is how letters are sent, nil when they aren't.
	Mail *delivery.MailerOptions
	// Admin is the administrator to create if there is none; without a user
	// name, the set-up page does it.
	Admin models.NewUser
	// SignOn is how people sign in by an OpenID provider, nil when they don't.
	SignOn *web.SignOn
}

// readConfig reads and checks the whole environment before anything is created,
// so that a mistake leaves no trace. No message shows a value that may be
// secret.
func readConfig(getenv func(string) string) (Config, error) {
	e := environment{getenv: getenv}
	c := Config{DataDir: e.text("KEYPORT_DATA_DIR", "data")}
	c.Listen = e.listen("KEYPORT_LISTEN", "127.0.0.1:8080")
	if e.text(metricsListen, "") != "" {
		c.MetricsListen = e.listen(metricsListen, "")
	}
	c.Traces = e.traces()
	c.DrainDelay = e.duration("KEYPORT_SHUTDOWN_DELAY", time.Minute)
	c.PublicURL = e.publicURL("KEYPORT_PUBLIC_URL")
	c.DatabaseURL = e.database("KEYPORT_DATABASE_URL", "sqlite:"+filepath.Join(c.DataDir, "keyport.db"))
	c.TrustedProxies = e.prefixes("KEYPORT_TRUSTED_PROXIES")
	c.EgressAllow = e.prefixes("KEYPORT_EGRESS_ALLOW")
	c.Mail = e.mail(c.PublicURL)
	c.RefuseQueryKeys = e.oneOf("KEYPORT_QUERY_KEYS", "on", "off") == "off"
	c.LogJSON = e.oneOf("KEYPORT_LOG", "text", "json") == "json"
	c.Admin = e.administrator()
	c.SignOn = e.signOn()
	if e.err != nil {
		return Config{}, e.err
	}
	var err error
	c.Masters, c.MasterKeyFile, err = readMasterKeys(getenv, c.DataDir)
	return c, err
}

// SQLitePath returns the file of the database, "" for PostgreSQL.
func (c Config) SQLitePath() string {
	path, _ := strings.CutPrefix(c.DatabaseURL, "sqlite:")
	if path == c.DatabaseURL {
		return ""
	}
	return strings.TrimPrefix(path, "//")
}

// Place says where the database is, without the user and the password.
func (c Config) Place() string {
	if path := c.SQLitePath(); path != "" {
		return path
	}
	u, err := url.Parse(c.DatabaseURL)
	if err != nil {
		return ""
	}
	host := u.Host
	if host == "" {
		host = u.Query().Get("host")
	}
	if host == "" {
		host = "localhost"
	}
	return strings.TrimPrefix(u.Path, "/") + " at " + host
}

// environment reads variables and keeps the first thing that is wrong.
type environment struct {
	getenv func(string) string
	err    error
}

func (e *environment) wrong(format string, args ...any) {
	if e.err == nil {
		e.err = misuse(format, args...)
	}
}

func (e *environment) text(name, fallback string) string {
	value := strings.TrimSpace(e.getenv(name))
	if strings.ContainsRune(value, 0) {
		e.wrong("%s holds a NUL character. Remove it.", name)
	}
	if value == "" {
		return fallback
	}
	return value
}

func (e *environment) oneOf(name string, values ...string) string {
	value := e.text(name, values[0])
	for _, known := range values {
		if value == known {
			return value
		}
	}
	e.wrong("%s is %q. Use %s.", name, value, strings.Join(values, " or "))
	return values[0]
}

func (e *environment) listen(name, fallback string) string {
	value := e.text(name, fallback)
	host, port, err := net.SplitHostPort(value)
	n, notNumber := strconv.ParseUint(port, 10, 16)
	if err != nil || notNumber != nil || strings.ContainsAny(host, " /@") {
		e.wrong("%s is %q. Use an address and a port, such as 127.0.0.1:8080, or :8080 for all addresses.", name, value)
	}
	return net.JoinHostPort(host, strconv.FormatUint(n, 10))
}

// duration reads a time from none to the longest.
func (e *environment) duration(name string, longest time.Duration) time.Duration {
	value := e.text(name, "0s")
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 || d > longest {
		e.wrong("%s is %q. Use a time of at most %s, such as 5s.", name, value, longest)
	}
	return d
}

func (e *environment) publicURL(name string) *url.URL {
	value := e.text(name, "")
	if value == "" {
		return nil
	}
	const example = "Use the address by which people reach the portal, such as https://keys.example.com."
	u, err := url.Parse(value)
	if err != nil {
		e.wrong("%s is not an address. %s", name, example)
		return nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	badPort := u.Port() != "" && (err != nil || port == 0)
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Opaque != "", u.Hostname() == "", badPort:
		e.wrong("%s must begin with http:// or https:// and name a host. %s", name, example)
	case u.User != nil:
		e.wrong("%s must not hold a user name or a password. %s", name, example)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(value, "#"):
		e.wrong("%s must not hold a question mark or a number sign. %s", name, example)
	case strings.Contains(u.Path, "//") || strings.Contains(u.Path+"/", "/../") || strings.Contains(u.Path+"/", "/./"):
		e.wrong("%s must not hold //, . or .. in its path. %s", name, example)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u
}

func (e *environment) database(name, fallback string) string {
	value := e.text(name, fallback)
	scheme, rest, _ := strings.Cut(value, ":")
	const forms = "Use sqlite:PATH, or postgres://USER:PASSWORD@HOST:PORT/DATABASE."
	switch u, err := url.Parse(value); {
	case scheme == "sqlite" && strings.TrimPrefix(rest, "//") != "" && !strings.HasPrefix(rest, ":memory:"):
	case scheme != "postgres" && scheme != "postgresql", err != nil, u.Opaque != "", strings.Trim(u.Path, "/") == "":
		e.wrong("%s is not the address of a database. %s", name, forms)
	}
	return value
}

func (e *environment) prefixes(name string) []netip.Prefix {
	var list []netip.Prefix
	for _, item := range strings.Split(e.text(name, ""), ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(item)
		if address, single := netip.ParseAddr(item); single == nil && address.Zone() == "" {
			address = address.Unmap()
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			e.wrong("%s holds %q. Use addresses and networks with commas between them, such as 10.0.0.0/8, 192.0.2.7.", name, item)
			return nil
		}
		list = append(list, prefix.Masked())
	}
	return list
}

// administrator reads and checks the administrator of an unattended install by
// the same rules as the set-up page.
func (e *environment) administrator() models.NewUser {
	const name, password, email = "KEYPORT_ADMIN_USERNAME", "KEYPORT_ADMIN_PASSWORD", "KEYPORT_ADMIN_EMAIL"
	wish := models.NewUser{Username: e.text(name, ""), Password: e.getenv(password), Email: e.text(email, "")}
	switch {
	case wish.Username == "" && (wish.Password != "" || wish.Email != ""):
		e.wrong("%s is missing. Set it together with %s, or set neither.", name, password)
	case wish.Username == "":
		return models.NewUser{}
	case wish.Password == "":
		e.wrong("%s is missing. Set it together with %s, or set neither.", password, name)
	}
	checked, problems := wish.Check()
	variables := map[string]string{"Username": name, "DisplayName": name, "Password": password, "EmailAddress": email}
	for _, p := range problems {
		e.wrong("%s can't be used. %s", variables[p.Field], p.Message)
	}
	return checked
}
