package handlers

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// bounded writes a number that was counted up to a limit.
func bounded(n models.Bounded) string {
	if n.More {
		return thousands(n.N) + "+"
	}
	return thousands(n.N)
}

func found(n models.Bounded) string {
	if n.More || n.N != 1 {
		return bounded(n) + " keys"
	}
	return "1 key"
}

// overview adds what stands above the list: figures, timeline, and what is under
// way.
func (h *AllKeys) overview(c echo.Context, q allKeysQuery, props *views.AllKeys) error {
	ctx, zone, now := c.Request().Context(), zoneOf(c), q.selection.At
	over := models.KeySearch{Status: models.KeyUsable, OverMaximum: true}
	limit := over.Selection(now, zone, q.settings.APIKeyMaximumDays).EndsAfter
	totals, err := h.Store.KeyTotals(ctx, now, limit)
	if err != nil {
		return err
	}
	props.Tiles = tilesOf(totals, q.settings.APIKeyMaximumDays)
	if totals.Live.More {
		props.Timeline = views.Timeline{Weeks: models.TimelineWeeks, Path: AllKeysPath + "/weeks"}
	} else if props.Timeline, err = h.timeline(ctx, now, zone); err != nil {
		return err
	}
	running, err := h.Store.RunningRevocations(ctx)
	for _, r := range running {
		props.Running = append(props.Running, views.Link{Path: revocationPath(r.ID),
			Label: "Revoking " + count(r.Total, "key") + ": " + thousands(r.Done()) + " done"})
	}
	return err
}

// Weeks shows the timeline alone. Each of its figures is exact, so all keys that
// end in these weeks are counted: where there are many, the list doesn't wait for
// that, and htmx asks for the timeline beside it.
func (h *AllKeys) Weeks(c echo.Context) error {
	zone := zoneOf(c)
	weeks, err := h.timeline(c.Request().Context(), h.Store.Now(), zone)
	if err != nil {
		return err
	}
	props := views.KeyWeeks{Shell: shellOf(c, "Keys ending", views.AreaConfiguration, AllKeysPath), ListPath: AllKeysPath, Timeline: weeks, Zone: zone.String()}
	if WantsFragment(c.Request()) {
		return render(c, http.StatusOK, views.KeyWeeksSection(props))
	}
	return render(c, http.StatusOK, views.KeyWeeksPage(props))
}

func (h *AllKeys) timeline(ctx context.Context, now time.Time, zone *time.Location) (views.Timeline, error) {
	weeks := models.Weeks(now, zone, models.TimelineWeeks)
	ending, err := h.Store.KeysEnding(ctx, weeks)
	if err != nil {
		return views.Timeline{}, err
	}
	return timeline(weeks, ending, models.DateIn(now, zone)), nil
}

func tilesOf(t models.KeyTotals, maximum int) []views.Tile {
	to := func(s models.KeySearch) string { return withQuery(AllKeysPath, s.Values()) }
	tiles := []views.Tile{
		{Label: "Live keys", Figure: bounded(t.Live), Href: to(models.KeySearch{Status: models.KeyUsable}), Text: "Neither expired nor revoked"},
		{Label: "Ending within " + count(models.WarningDays, "day"), Figure: bounded(t.Soon), Href: to(models.KeySearch{Status: models.KeyExpiresSoon}), Text: "None within " + count(models.UrgentDays, "day")},
		{Label: "Never used", Figure: bounded(t.NeverUsed), Href: to(models.KeySearch{Status: models.KeyUsable, NeverUsed: true}), Text: "Live, but unused so far"},
		{Label: "Beyond the maximum", Figure: bounded(t.OverMaximum), Href: to(models.KeySearch{Status: models.KeyUsable, OverMaximum: true}),
			Text: "More than " + count(maximum, "day") + " from today"},
	}
	if t.Urgent.N > 0 {
		tiles[1].Text, tiles[1].Tone = bounded(t.Urgent)+" within "+count(models.UrgentDays, "day"), views.ToneBad
	}
	return tiles
}

// timeline shows the weeks. A bar is as urgent as the last of its days.
func timeline(weeks []models.Week, ending []int, today models.Date) views.Timeline {
	sum, most := 0, 0
	t := views.Timeline{Weeks: len(weeks)}
	for i, w := range weeks {
		bar := views.WeekBar{From: onDate(w.From), To: onDate(w.To), Keys: ending[i], Month: monthIn(w),
			Href: withQuery(AllKeysPath, models.KeySearch{Status: models.KeyUsable, Ends: w.DateRange}.Values())}
		switch {
		case !today.AddDays(models.UrgentDays).Before(w.To):
			bar.Tone = views.ToneBad
		case !today.AddDays(models.WarningDays).Before(w.To):
			bar.Tone = views.ToneWarn
		}
		if ending[i] > ending[most] {
			most = i
		}
		sum += ending[i]
		t.Bars = append(t.Bars, bar)
	}
	t.Text = "No live key ends in the next " + strconv.Itoa(len(weeks)) + " weeks."
	if sum > 0 {
		verb := " end"
		if sum == 1 {
			verb = " ends"
		}
		t.Text = count(sum, "live key") + verb + " in the next " + strconv.Itoa(len(weeks)) + " weeks. The busiest are the seven days from " +
			weeks[most].From.Words() + ", with " + thousands(ending[most]) + "."
	}
	return t
}

func onDate(d models.Date) views.Moment { return views.Moment{Machine: d.String(), Text: d.Words()} }

// monthIn names the month that begins in a week.
func monthIn(w models.Week) string {
	if before := w.From.AddDays(-1); before.Month == w.To.Month {
		return ""
	}
	return time.Date(2000, w.To.Month, 1, 0, 0, 0, 0, time.UTC).Format("Jan")
}

// ownedKeyRow shows one key with its owner.
func ownedKeyRow(k models.OwnedKey, now time.Time, zone *time.Location) views.OwnedKeyRow {
	owner := views.Owner{Name: k.Owner.Name(), Kind: k.Owner.Username, Initials: initials(k.Owner.Name()), Path: userPath(k.Owner.ID),
		Service: k.Owner.IsService, Off: !k.Owner.IsActive}
	if k.Owner.IsService {
		owner.Kind = "Service account"
	}
	row := keyRow(k.APIKey, now, zone, AllKeysPath)
	row.Path = owner.Path + "/apikeys/" + k.ID
	return views.OwnedKeyRow{KeyRow: row, Owner: owner}
}
