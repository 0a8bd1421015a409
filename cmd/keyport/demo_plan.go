package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/keyport/keyport/models"
)

// The size of the demo company. A year of its history ends now.
const (
	demoKeyCount = 600
	demoYear     = 365 * 24 * time.Hour
)

// demoKey is one key of the plan: whose it is, when it was made and for how
// long, and what became of it.
type demoKey struct {
	owner   int // index into demoPeople, or behind them into demoServices
	purpose string
	made    time.Time
	days    int
	revoked time.Time // zero: never
	used    time.Time // zero: never
	from    string
	agent   string // the program that used it
}

// demoPlan draws the keys of a believable company, oldest first: most belong to
// machines, most live as long as they may, some were forgotten and some were
// revoked. The same seed and day give the same plan.
func demoPlan(seed uint64, now time.Time) []demoKey {
	draw := rand.New(rand.NewPCG(seed, 0))
	keys := make([]demoKey, demoKeyCount)
	for i := range keys {
		keys[i] = drawKey(draw, now)
	}
	slices.SortFunc(keys, func(a, b demoKey) int { return a.made.Compare(b.made) })
	return keys
}

func drawKey(draw *rand.Rand, now time.Time) demoKey {
	// The square root makes recent keys more likely: the company grows.
	age := time.Duration(float64(demoYear-48*time.Hour) * (1 - sqrt(draw.Float64())))
	key := demoKey{made: workingHour(now.Add(-age-time.Hour), draw), days: pick(draw, []int{30, 60, 90, 90, 180, 180, 180, 366, 366}), from: pick(draw, demoAddresses), agent: pick(draw, demoAgents)}
	if draw.IntN(100) < 65 {
		key.owner = len(demoPeople) + draw.IntN(len(demoServices))
		key.purpose = fmt.Sprintf(pick(draw, demoServicePurposes), 1+draw.IntN(24))
	} else {
		key.owner, key.purpose = draw.IntN(len(demoPeople)), pick(draw, demoPersonPurposes)
		if draw.IntN(14) == 0 {
			key.owner = 0 // whose account the reader signs in with
		}
	}
	if now.Sub(key.made) > 240*24*time.Hour && draw.IntN(4) == 0 {
		key.days = pick(draw, []int{730, 1000}) // from the time before the maximum was lowered
	}
	end := key.made.Add(time.Duration(key.days) * 24 * time.Hour)
	last := now
	if end.Before(last) {
		last = end
	}
	if draw.IntN(100) < 12 {
		key.revoked = between(draw, key.made, last)
		last = key.revoked
	}
	if draw.IntN(100) < 88 {
		key.used = recently(draw, key.made, last)
	}
	return key
}

// workingHour moves an instant to when people make keys.
func workingHour(t time.Time, draw *rand.Rand) time.Time {
	moved := time.Date(t.Year(), t.Month(), t.Day(), 7+draw.IntN(10), draw.IntN(60), draw.IntN(60), 0, time.UTC)
	if moved.After(t) {
		return t.Truncate(time.Second)
	}
	return moved
}

func between(draw *rand.Rand, from, to time.Time) time.Time {
	return from.Add(time.Duration(draw.Float64() * float64(to.Sub(from)))).Truncate(time.Second)
}

// recently draws an instant that is more likely late than early.
func recently(draw *rand.Rand, from, to time.Time) time.Time {
	left := draw.Float64()
	left *= left * left * left
	return to.Add(-time.Duration(left * float64(to.Sub(from)))).Truncate(time.Second)
}

func pick[T any](draw *rand.Rand, from []T) T { return from[draw.IntN(len(from))] }

// sqrt is a square root by halving, so that the plan doesn't depend on how a
// processor rounds.
func sqrt(x float64) float64 {
	low, high := 0.0, 1.0
	for range 40 {
		if middle := (low + high) / 2; middle*middle < x {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// demoPolicies are the settings over the year: generous at first, as today
// since the spring.
func demoPolicies(now time.Time) []struct {
	from     time.Time
	settings models.AuthSettings
} {
	return []struct {
		from     time.Time
		settings models.AuthSettings
	}{
		{now.Add(-demoYear), models.AuthSettings{APIKeyDefaultDays: 366, APIKeyMaximumDays: models.CeilingDays, UserAPIKeys: true}},
		{now.Add(-240 * 24 * time.Hour), models.AuthSettings{APIKeyDefaultDays: models.InitialDefaultDays, APIKeyMaximumDays: models.InitialMaximumDays, UserAPIKeys: true}},
	}
}
