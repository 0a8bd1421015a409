package web

import (
	"os"
	"runtime/debug"
)

// collectorPercent is how much may be made between two runs of the garbage
// collector, against what is in use. In use are mostly the verified keys, tens of
// megabytes without a pointer, of which the collector has nothing to walk. So a
// part of that is enough to make runs rare, and what requests make goes round in
// memory that the processor has at hand: with Go's own 100, and more so with 400,
// each request was made in memory that had long left its caches, which cost up to
// a fifth of the verifications in a second.
const collectorPercent = 50

// TuneCollector decides how often the garbage collector of this process runs,
// unless its operator has by GOGC.
func TuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
}
