package models_test

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestThrottleWait(t *testing.T) {
	tests := []struct {
		name  string
		rule  models.Throttle
		tries int
		want  time.Duration
	}{
		{"first", models.ThrottlePair, 1, 0},
		{"last free", models.ThrottlePair, 4, 0},
		{"fifth", models.ThrottlePair, 5, time.Second},
		{"doubles", models.ThrottlePair, 8, 8 * time.Second},
		{"up to the limit", models.ThrottlePair, 15, 15 * time.Minute},
		{"and no further", models.ThrottlePair, 1_000_000, 15 * time.Minute},
		{"network", models.ThrottleAddress, 29, 0},
		{"network at its limit", models.ThrottleAddress, 30, 15 * time.Minute},
		{"strangers", models.ThrottleStrangers, 99, 0},
		{"strangers at their limit", models.ThrottleStrangers, 100, 15 * time.Minute},
		{"strangers beyond it", models.ThrottleStrangers, 200, 15 * time.Minute},
		{"known browser", models.ThrottleDevice, 10, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.rule.Wait(tt.tries); got != tt.want {
				t.Errorf("Wait(%d) = %v, want %v", tt.tries, got, tt.want)
			}
		})
	}
}

func TestSlowedWords(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		time.Millisecond: "one second", time.Second: "one second", 1500 * time.Millisecond: "2 seconds", time.Minute: "60 seconds",
		61 * time.Second: "2 minutes", 15 * time.Minute: "15 minutes",
	} {
		refusal := models.Slowed(wait)
		if got := "There were too many attempts to sign in. Wait " + want + ", then try again."; refusal.Message != got || refusal.Kind != models.TooMany || refusal.RetryAfter != wait {
			t.Errorf("Slowed(%v) = %+v, want %q", wait, refusal, got)
		}
	}
}

func TestAddressPrefix(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "2001:db8:1:2ff:1::7": "2001:db8:1:200::/56",
		"fe80::1%eth0": "fe80::/56", "": "", "unknown": "unknown",
	} {
		if got := models.AddressPrefix(address); got != want {
			t.Errorf("AddressPrefix(%q) = %q, want %q", address, got, want)
		}
	}
}
