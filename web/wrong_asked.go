package web

import (
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/keyport/keyport/models"
)

// wrongAskedPerMinute is how many wrong keys may be asked about with one key in
// a minute, before introspection tells the asker to slow down. RFC 7662, section
// 4, warns of polling for tokens that work. Keys can't be guessed, so the number
// is generous: callers of a busy service may present wrong keys too, and must
// not stop it. Right keys are not counted.
const wrongAskedPerMinute = 60_000

// wrongAsked counts the wrong keys that each asking key asks about.
type wrongAsked struct{ rates *serviceRates }

// Check refuses the question of an asker who is at the limit, before a key is
// looked up.
func (w wrongAsked) Check(asker string) error {
	now := w.rates.now()
	left := w.limiter(asker, now).TokensAt(now)
	if left >= 1 {
		return nil
	}
	wait := time.Duration(math.Ceil((1-left)/float64(perSecond(wrongAskedPerMinute)))) * time.Second
	return &models.Error{Kind: models.TooMany, RetryAfter: max(wait, time.Second),
		Message: "Your service asks about too many wrong keys. Wait before you ask again, and limit the callers that present them."}
}

// Count counts n wrong keys, at most as many as one call may ask about. What
// goes beyond the limit is made up for by waiting.
func (w wrongAsked) Count(asker string, n int) {
	now := w.rates.now()
	w.limiter(asker, now).ReserveN(now, n)
}

func (w wrongAsked) limiter(asker string, now time.Time) *rate.Limiter {
	return w.rates.limiter(keyAtService{key: asker}, wrongAskedPerMinute, now)
}
