package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// hostileHeaders are header blocks that must not open anything, though each of
// them holds a good key, or leads to one: {key} is good, {bad} is not.
func hostileHeaders() []string {
	var all []string
	// Two of anything, in each order, of each pair of headers.
	one := []string{"X-Octopus-ApiKey: ", "X-Api-Key: ", "Authorization: Bearer "}
	for _, a := range one {
		for _, b := range one {
			for _, keys := range [][2]string{{"{key}", "{bad}"}, {"{bad}", "{key}"}, {"{key}", "{key}"}, {"{key}", ""}, {"", "{key}"}} {
				all = append(all, a+keys[0]+"\r\n"+b+keys[1]+"\r\n")
			}
		}
	}
	// One header with something around the key.
	for _, header := range one {
		for _, value := range []string{"{key}, {bad}", "{key},{key}", "{key};{bad}", "{key} {bad}", `"{key}"`, "'{key}'", "{key}\r\n folded", "{bad}\r\n\t{key}",
			"{key}\x00", "{key}\x01", "\x7f{key}", "{key}\x0b", "{key}%00", "{key}%0a", "{key}\u00a0", "\ufeff{key}", "ApiKey {key}", "Bearer Bearer {key}",
			"<{key}>", "{key}=", "{lower}", "{cut}", "{key}A", "A{key}", "null", "undefined", "API-", "{wide}", "{key}\r{bad}", "{base64}"} {
			all = append(all, header+value+"\r\n")
		}
	}
	// Names that only look like ours, and places where no key is read.
	for _, name := range []string{"X_Octopus_ApiKey", "X-Octopus_ApiKey", "X_Octopus-ApiKey", "x_octopus_apikey", "X_Api_Key", "X-Api_Key", "X_Api-Key",
		"X-Octopus-ApiKey ", "X-Api-Key\t", "X-OctopusApiKey", "X-Octopus-Api-Key", "X-NuGet-ApiKey", "ApiKey", "Api-Key", "X-ApiKey", "Cookie", "Cookie2",
		"Proxy-Authorization", "Forwarded", "X-Forwarded-For", "X-Forwarded-Authorization", "X-Original-Authorization", "Trailer", "Referer", "User-Agent"} {
		all = append(all, name+": {key}\r\n")
	}
	// A good header beside a twin of a header that decides.
	for _, name := range []string{"X_Octopus_ApiKey", "X_Api_Key", "X_Forwarded_Method", "X-Original_Method", "X_Forwarded_Uri", "X-Original_URI", "X_Keyport_User", "X-Keyport_User-Id", "x_keyport-access", "X_HTTP_Method_Override", "X-Rewrite_URL"} {
		all = append(all, "X-Octopus-ApiKey: {key}\r\n"+name+": {bad}\r\n")
	}
	// Requests whose end two servers may see in different places.
	for _, framing := range []string{"Transfer-Encoding: chunked\r\nContent-Length: 4", "Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: xchunked",
		"Transfer-Encoding: chunked, identity", "Content-Length: 1\r\nContent-Length: 2", "Content-Length: -1", "Content-Length: +1", "Transfer-Encoding: chunked", "Host: elsewhere"} {
		all = append(all, "X-Octopus-ApiKey: {key}\r\n"+framing+"\r\n")
	}
	// What other gateways once took for a reason to let somebody pass.
	for _, header := range []string{"X-Original-URL: /healthz", "X-Original-URI: /static/app.css", "X-Forwarded-Uri: /healthz", "X-Forwarded-Prefix: /healthz", "X-Rewrite-URL: /healthz",
		"X-Forwarded-Method: OPTIONS", "User-Agent: kube-probe/1.0", "User-Agent: GoogleHC/1.0", "X-Keyport-User: admin", "X-Keyport-User-Id: Users-1", "Connection: X-Octopus-ApiKey, X-Keyport-User",
		"Authorization: Basic YWRtaW46YWRtaW4=", "Cookie: keyport_session=x", "X-Forwarded-Host: localhost", "X-Real-IP: 127.0.0.1", "Authorization: Bearer", "Authorization: Bearer null"} {
		all = append(all, header+"\r\n")
	}
	return all
}

// No trick with headers passes: each goes over a socket of its own, byte by byte
// as it is written here.
func TestVerifyAgainstHostileHeaders(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store, behindLoopback)
	register(t, f, models.NewService{Name: "billing"})
	_, good := f.Issue(f.Alice, models.NewKey{})
	key := good.Reveal()
	fill := strings.NewReplacer("{key}", key, "{bad}", models.NewSecret().Reveal(), "{lower}", strings.ToLower(key), "{cut}", key[:len(key)-1],
		"{wide}", strings.ReplaceAll(key, "-", "\uff0d"), "{base64}", "QVBJLUFCQ0RFRg==")
	corpus := hostileHeaders()
	if len(corpus) < 150 {
		t.Fatalf("the corpus has %d cases, want at least 150", len(corpus))
	}
	if status := rawStatus(t, site, "X-Octopus-ApiKey: "+key+"\r\n"); status != 200 {
		t.Fatalf("a plain good call got %d: nothing can be learned from the others", status)
	}
	for _, block := range corpus {
		switch status := rawStatus(t, site, fill.Replace(block)); status {
		case 400, 401, 429, 501:
		default:
			t.Errorf("%q: got status %d, want a refusal", block, status)
		}
	}
}

// rawStatus sends a call as it is and returns the status of the first answer.
func rawStatus(t *testing.T, site *webtest.Site, headers string) int {
	t.Helper()
	address, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTimeout("tcp", address.Host, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(conn, "GET /verify/billing HTTP/1.1\r\nHost: %s\r\n%s\r\n0\r\n\r\n", address.Host, headers)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", headers, err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}
