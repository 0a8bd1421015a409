package web

import (
	"os"
	"runtime/debug"
)

// collectorPercent is how much may be made between two runs of the garbage
// collector, against what is in use. What a request makes is small and gone at
// once, but each run walks all that stays: the description of the REST API, the
// database layer, templates. With Go's own 100 that was about a seventh of what
// a verification costs.
const collectorPercent = 400

// TuneCollector lets the garbage collector of this process run less often,
// unless its operator has decided on that by GOGC.
func TuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
}
