package models

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// AuthSettings are the three choices of Configuration → Settings →
// Authentication. They live in one row that every operation reads inside its
// own transaction, so that all replicas agree.
type AuthSettings struct {
	ID                int64 `gorm:"primaryKey"`
	APIKeyDefaultDays int   // lifetime of a key whose maker did not choose, 1 to the maximum
	APIKeyMaximumDays int   // longest lifetime that may be chosen, 1 to CeilingDays
	UserAPIKeys       bool  // whether people may create keys; service accounts always may
	Version           int64 // counts saves; a save must name the version it was based on
	UpdatedAt         time.Time
}

// TableName names the table for GORM.
func (AuthSettings) TableName() string { return "auth_settings" }

// Policy returns the limits as the expiry rule wants them.
func (s AuthSettings) Policy() Policy { return Policy{s.APIKeyDefaultDays, s.APIKeyMaximumDays} }

// Validate returns all that is wrong with the settings. Fields are named as in
// Octopus's configuration resource.
func (s AuthSettings) Validate() []Problem {
	var problems []Problem
	add := func(field, format string, args ...any) {
		problems = append(problems, Problem{field, fmt.Sprintf(format, args...)})
	}
	maximumOK := s.APIKeyMaximumDays >= 1 && s.APIKeyMaximumDays <= CeilingDays
	if !maximumOK {
		add("ApiKeyMaxExpiryDays", "Enter a maximum from 1 to %d days.", CeilingDays)
	}
	switch {
	case s.APIKeyDefaultDays < 1 || s.APIKeyDefaultDays > CeilingDays:
		add("ApiKeyDefaultExpiryDays", "Enter a default from 1 day up to the maximum.")
	case maximumOK && s.APIKeyDefaultDays > s.APIKeyMaximumDays:
		add("ApiKeyDefaultExpiryDays", "The default (%d) is longer than the maximum (%d). Use %d or fewer.", s.APIKeyDefaultDays, s.APIKeyMaximumDays, s.APIKeyMaximumDays)
	}
	return problems
}

// ParseDays reads a number of days as typed: decimal digits only. Anything else,
// and anything beyond four digits, is 0, which no rule accepts; so a number is
// known to be small before anybody multiplies it.
func ParseDays(s string) int {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 4 || strings.Trim(s, "0123456789") != "" {
		return 0
	}
	n, _ := strconv.Atoi(s)
	return n
}

// MayChangeSettings decides who may change settings of the server: whoever may
// configure it, and has seen what is stored. seen and stored are versions.
func MayChangeSettings(actor *Actor, seen, stored int64) error {
	switch {
	case !actor.May(ConfigureServer):
		return Denied("You can't change settings. Ask an administrator for the right to configure the server.")
	case seen != stored:
		return Conflicted("Somebody else saved these settings after you opened them. Nothing was changed. Look at the current values and save again.")
	}
	return nil
}
