package web

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/keyport/keyport/models"
)

// loudness keeps the log of refusals from drowning everything else: a broken
// script is refused thousands of times a second, and each line costs more than
// the refusal.
type loudness struct {
	second  atomic.Int64 // that lines are counted in, since 1970
	lines   atomic.Int64 // in that second
	skipped atomic.Int64 // since the last line
}

// refusalLines is how many refusals are logged in a second, by each replica.
const refusalLines = 20

// allows reports whether one more line may be written, and how many were left
// out before it. Two calls at the turn of a second may both begin it: a line
// more or less does no harm.
func (l *loudness) allows(now time.Time) (skipped int64, ok bool) {
	if second := now.Unix(); l.second.Swap(second) != second {
		l.lines.Store(0)
	}
	if l.lines.Add(1) > refusalLines {
		l.skipped.Add(1)
		return 0, false
	}
	return l.skipped.Swap(0), true
}

// logRefusal writes why a call was refused, which its answer does not say.
func (s *Server) logRefusal(r *http.Request, service string, v *verdict) {
	level := v.level()
	if !s.Log.Enabled(r.Context(), level) {
		return
	}
	skipped, ok := s.refusals.allows(time.Now())
	if !ok {
		return
	}
	s.Log.LogAttrs(r.Context(), level, "verification", slog.Int("status", v.status), slog.String("reason", v.reason),
		slog.String("service", printable(service, models.MaxServiceName)), slog.String("key", v.key.KeyID),
		slog.String("address", s.echo.IPExtractor(r)), slog.Int64("left_out_before", skipped))
}

// level is how loudly a refusal is logged: what is ours to mend most of all.
func (v *verdict) level() slog.Level {
	switch v.status {
	case http.StatusServiceUnavailable:
		return slog.LevelError
	case http.StatusForbidden, http.StatusTooManyRequests:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
