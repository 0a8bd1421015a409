package models

import (
	_ "embed"
	"strings"
	"time"
)

//go:embed zones.txt
var zoneNames string

// Zones lists the time zones to choose from: the names of the IANA database's
// zone1970.tab, one for each region whose clocks agree since 1970, and UTC.
func Zones() []string { return strings.Fields(zoneNames) }

// ParseZone returns the zone of an IANA name. Names beyond [Zones] are accepted
// too, since a browser may report an alias such as Asia/Calcutta. "Local" is
// not: it would mean the server's own zone. Nor are names in small letters:
// no zone has one, but systems keep other files beside the zones, such as
// localtime and right/UTC, whose clocks count leap seconds.
func ParseZone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || len(name) > 64 || name[0] < 'A' || name[0] > 'Z' {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// ZoneOr returns the first name that is a zone, UTC when none is.
func ZoneOr(names ...string) *time.Location {
	for _, name := range names {
		if zone, ok := ParseZone(name); ok {
			return zone
		}
	}
	return time.UTC
}
