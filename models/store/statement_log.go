package store

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// statementLog hands GORM's statements to the log at debug level. It never
// sees their values: GORM's own logger would print whole rows of slow
// statements.
type statementLog struct{ log *slog.Logger }

// LogMode changes nothing: the level is slog's business.
func (l statementLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Info passes a remark of GORM on.
func (l statementLog) Info(ctx context.Context, message string, _ ...any) {
	l.log.DebugContext(ctx, "gorm: "+message)
}

// Warn passes a remark of GORM on.
func (l statementLog) Warn(ctx context.Context, message string, _ ...any) {
	l.log.DebugContext(ctx, "gorm: "+message)
}

// Error passes a remark of GORM on. The error itself is returned to the caller
// of the operation and logged at the edge, once.
func (l statementLog) Error(ctx context.Context, message string, _ ...any) {
	l.log.DebugContext(ctx, "gorm: "+message)
}

// Trace notes one statement.
func (l statementLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	if !l.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	text, rows := statement()
	failed := err != nil && !errors.Is(err, gorm.ErrRecordNotFound)
	l.log.DebugContext(ctx, "statement", "sql", text, "rows", rows, "took", time.Since(begin), "failed", failed)
}

// ParamsFilter keeps the values of a statement out of its text.
func (statementLog) ParamsFilter(_ context.Context, statement string, _ ...any) (string, []any) {
	return statement, nil
}
