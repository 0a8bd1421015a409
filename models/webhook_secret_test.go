package models

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The example in the README is what is signed.
func TestSignatureOfTheREADME(t *testing.T) {
	secret, ok := ParseWebhookSecret("whsec_S2V5cG9ydCBzaWducyB3aGF0IGl0IHNlbmRzLCAzMkI=")
	if !ok {
		t.Fatal("the secret of the README can't be read")
	}
	signature := secret.Sign("evt_7_2", time.Unix(1795000000, 0), []byte(`{"EventType":"SubscriptionPayload"}`))
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "`"+signature+"`") {
		t.Errorf("the README does not say that the signature is %s", signature)
	}
}

func TestWebhookSecrets(t *testing.T) {
	a, b := NewWebhookSecret(), NewWebhookSecret()
	at, body := time.Unix(1795000000, 0), []byte("body")
	if read, ok := ParseWebhookSecret(a.Reveal()); !ok || read.Sign("id", at, body) != a.Sign("id", at, body) {
		t.Error("a secret does not survive being written and read")
	}
	if strings.Contains(fmt.Sprint(a), a.Reveal()[10:]) {
		t.Errorf("printing a secret shows it: %v", a)
	}
	for name, other := range map[string]string{"secret": b.Sign("id", at, body), "id": a.Sign("ie", at, body), "time": a.Sign("id", at.Add(time.Second), body), "body": a.Sign("id", at, []byte("bodz")), "cut": a.Sign("i", at, []byte("d.body"))} {
		if other == a.Sign("id", at, body) {
			t.Errorf("another %s gives the same signature", name)
		}
	}
	for _, wrong := range []string{"", "whsec_", "whsec_AAAA", a.Reveal()[1:], a.Reveal() + "!"} {
		if _, ok := ParseWebhookSecret(wrong); ok {
			t.Errorf("%q is read as a secret", wrong)
		}
	}
}

// The plan is that of Standard Webhooks, a receiver's wish is heeded up to an
// hour, and there is an end.
func TestNextAttempt(t *testing.T) {
	for attempts, want := range map[int]time.Duration{1: 5 * time.Second, 2: 5 * time.Minute, 3: 30 * time.Minute, 9: 24 * time.Hour} {
		if got, more := NextAttempt(attempts, 0, 0.5); got != want || !more {
			t.Errorf("after %d attempts: %s, %v, want %s", attempts, got, more, want)
		}
	}
	if got, _ := NextAttempt(1, 48*time.Hour, 0.5); got != time.Hour {
		t.Errorf("a receiver who wishes for two days gets %s", got)
	}
	if early, _ := NextAttempt(3, 0, 0); early != 27*time.Minute {
		t.Errorf("the earliest third wait is %s", early)
	}
	if _, more := NextAttempt(MaxAttempts, 0, 0.5); more {
		t.Error("there is no end")
	}
}
