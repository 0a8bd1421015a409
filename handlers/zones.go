package handlers

import (
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// zoneOptions lists the zones with their present distance from UTC. A chosen
// zone that is not in the list, such as an alias, is added to it.
func zoneOptions(chosen string, now time.Time) []views.ZoneOption {
	options := make([]views.ZoneOption, 0, 320)
	listed := chosen == ""
	for _, name := range models.Zones() {
		listed = listed || name == chosen
		options = append(options, zoneOption(name, now))
	}
	if !listed {
		options = append(options, zoneOption(chosen, now))
	}
	return options
}

func zoneOption(name string, now time.Time) views.ZoneOption {
	zone, ok := models.ParseZone(name)
	if !ok {
		return views.ZoneOption{Name: name, Label: name}
	}
	return views.ZoneOption{Name: name, Label: name + " (UTC" + now.In(zone).Format("-07:00") + ")"}
}
