package views

const pathCalendar = "/account/calendar"

func calendarSamples() []sample {
	made := calendarPage()
	made.Address = "https://keys.example.com/calendar/4TQ5ZJX3M7K2V6YB2DHNRW8PSA.ics"
	return []sample{{"calendar", CalendarPage(calendarPage())}, {"calendar-made", CalendarPage(made)}}
}

func calendarPage() Calendars {
	made := Moment{"2026-11-23T08:00:00Z", "23 Nov 2026, 09:00"}
	return Calendars{Shell: profileShell("Calendar", pathCalendar), Path: pathCalendar, OffPath: pathCalendar + "/off", Rows: []CalendarRow{
		{Title: "My API keys", Text: "When your own keys end."},
		{Owner: "Teams-3", Title: "Service accounts of Platform", Text: "When the keys of the service accounts end that the team owns.", Feed: "7", Made: &made},
	}}
}

// hostileCalendar is the page with text that somebody may have typed.
func hostileCalendar(s Shell) []sample {
	evil, moment := "javascript:alert(1)", Moment{hostile, hostile}
	return []sample{{"calendar shows", CalendarPage(Calendars{s, evil, evil, hostile, []CalendarRow{{hostile, hostile, hostile, hostile, &moment}}})}}
}
