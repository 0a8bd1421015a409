package models

import (
	"crypto/hmac"
	"crypto/sha1" // what RFC 6238 names, and the only function that every app knows
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// One-time codes by RFC 6238, with the numbers that every authenticator app
// assumes.
const (
	TOTPSecretSize = 20 // bytes; as many as SHA-1 makes use of
	totpDigits     = 6
	totpStep       = 30 * time.Second
	totpSlack      = 1 // steps by which the clock of a telephone may be off, either way
)

// TOTPCode returns the code of the n-th step since 1970.
func TOTPCode(secret []byte, step int64) string {
	h := hmac.New(sha1.New, secret)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := h.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, number%1_000_000)
}

// TOTPStepAt returns the step of an instant.
func TOTPStepAt(now time.Time) int64 { return now.Unix() / int64(totpStep/time.Second) }

// TOTPMatches returns the step whose code was typed, if it is near now and
// later than the last one used: a code works once. Blanks, with which apps
// group the digits, don't count.
func TOTPMatches(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	code = withoutBlanks(code)
	for s := TOTPStepAt(now) - totpSlack; s <= TOTPStepAt(now)+totpSlack; s++ {
		if subtle.ConstantTimeCompare([]byte(TOTPCode(secret, s)), []byte(code)) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

// LooksLikeTOTP tells a code of an app from a recovery code.
func LooksLikeTOTP(code string) bool {
	code = withoutBlanks(code)
	return len(code) == totpDigits && strings.Trim(code, "0123456789") == ""
}

// TOTPText writes a secret for typing it into an app: base 32 in groups of
// four.
func TOTPText(secret []byte) string {
	text := totpBase32(secret)
	var groups []string
	for len(text) > 4 {
		groups, text = append(groups, text[:4]), text[4:]
	}
	return strings.Join(append(groups, text), " ")
}

// TOTPLink is what the QR code holds: the address by which apps take over a
// secret. place tells portals apart.
func TOTPLink(secret []byte, place, username string) string {
	issuer := "Keyport"
	if place != "" {
		issuer += " (" + place + ")"
	}
	values := url.Values{"secret": {totpBase32(secret)}, "issuer": {issuer}}
	query := strings.ReplaceAll(values.Encode(), "+", "%20") // some apps read the plus as itself
	return "otpauth://totp/" + url.PathEscape(issuer+":"+username) + "?" + query
}

func totpBase32(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

func withoutBlanks(s string) string {
	if len(s) > 64 {
		return ""
	}
	return strings.Join(strings.Fields(s), "")
}
