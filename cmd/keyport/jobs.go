package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/tracing"
)

// job is one line of the timetable. Every replica keeps the whole timetable;
// what a job does is safe to do twice.
type job struct {
	name  string
	every time.Duration
	do    func(context.Context) error
}

// jobs is the timetable.
func jobs(s *store.Store, log *slog.Logger, trace *tracing.Tracer) []job {
	return []job{
		{"flush marks of use", 20 * time.Second, s.FlushSeen},
		{"forget old tries to sign in", 5 * time.Minute, s.ForgetSignIns},
		{"revoke chosen keys", time.Second, s.WorkOffRevocations},
		{"expiry events", 5 * time.Second, expiryTask(s, trace)},
		{"write counts of events", 20 * time.Second, s.WriteCounts},
		{"forget old deliveries", time.Hour, s.ForgetDeliveries},
		{"sweep silent replicas", time.Minute, s.SweepReplicas},
		{"remove old events", time.Hour, s.RemoveOldEvents},
		{"note the head of the audit trail", time.Hour, logHead(s, log)},
	}
}

// expiryTask runs the task when it is due, and makes a span of it when it was.
func expiryTask(s *store.Store, trace *tracing.Tracer) func(context.Context) error {
	return func(ctx context.Context) error {
		began := time.Now()
		ran, err := s.TryExpiryTask(ctx)
		if ran {
			trace.Past(ctx, began, err != nil, "expiry task")
		}
		return err
	}
}

// start runs each job in its own loop until ctx is done; wait returns when all
// loops have ended.
func start(ctx context.Context, log *slog.Logger, jobs []job) (wait func()) {
	var loops sync.WaitGroup
	for _, j := range jobs {
		loops.Go(func() { j.loop(ctx, log) })
	}
	return loops.Wait
}

func (j job) loop(ctx context.Context, log *slog.Logger) {
	timer := time.NewTimer(j.pause())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := j.once(ctx); err != nil && ctx.Err() == nil {
			log.Error("a job failed and will be tried again", "job", j.name, "cause", err)
		}
		timer.Reset(j.pause())
	}
}

// pause is the interval, up to a tenth longer or shorter, so that replicas that
// started together don't work together.
func (j job) pause() time.Duration {
	return j.every - j.every/10 + rand.N(j.every/5+1)
}

// once runs the job; a panic in it is an error and ends nothing else.
func (j job) once(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return j.do(ctx)
}
