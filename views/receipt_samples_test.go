package views

const pathReceipt = pathKeys + "/apikeys-1/receipt"

func receiptPages() []sample {
	waiting, silent, alone := receipt(), receipt(), receipt()
	waiting.Waiting, waiting.Summary = true, "Refused on 2 of 3 replicas so far."
	silent.Summary = "Refused on 2 of 3 replicas after 0.4 s."
	silent.Silent = []string{"keyport-2 has not answered since 23 Nov 2026, 11:41:58. It refuses by itself at the latest 0.7 s after it stopped hearing of changes."}
	silent.Rows[2].Answer, silent.Rows[2].Tone = "No answer", ToneWarn
	alone.Rows, alone.Summary, alone.Last = nil, "Refused here at once. No replica has registered, so nothing is known of others.", "No call with it is known to have been accepted."
	flashed := keyList()
	flashed.Shell.Flash = &Notice{Tone: ToneOK, Title: "“Laptop scripts” is revoked", Text: "Anything that still uses API-ZQM••••••• is refused from now on.", Receipt: pathReceipt}
	return []sample{{"receipt", ReceiptPage(receipt())}, {"receipt-waiting", ReceiptPage(waiting)}, {"receipt-silent", ReceiptPage(silent)}, {"receipt-alone", ReceiptPage(alone)},
		{"keys-revoked", KeysPage(flashed)}}
}

// hostileReceipts are the pages with text that somebody may have typed.
func hostileReceipts(s Shell) []sample {
	evil, moment := "javascript:alert(1)", Moment{hostile, hostile}
	rows := []ReceiptRow{{hostile, hostile, hostile, ToneOK, moment}}
	return []sample{{"receipt show", ReceiptPage(Receipt{s, []Crumb{{evil, hostile}}, hostile, evil, true, hostile, []string{hostile}, hostile, rows, hostile})}}
}

func receipt() Receipt {
	return Receipt{Shell: profileShell("Revocation of Laptop scripts", pathKeys), Crumbs: append(myKeys, Crumb{pathKeys + "/apikeys-1", "Laptop scripts"}), Title: "Revocation of “Laptop scripts”",
		Path: pathReceipt, Summary: "Refused on 3 of 3 replicas after 0.4 s.", Zone: "Europe/Stockholm",
		Last: "Last accepted call: 23 Nov 2026, 11:41:30 from 192.0.2.7. A later one may not be written down yet; that takes up to 80 seconds.",
		Rows: []ReceiptRow{
			{"keyport-0", "1.4.0", "Refused after less than 0.1 s", ToneOK, Moment{"2026-11-23T10:42:00Z", "23 Nov 2026, 11:42:00"}},
			{"keyport-1", "1.4.0", "Refused after 0.4 s", ToneOK, Moment{"2026-11-23T10:42:00Z", "23 Nov 2026, 11:42:00"}},
			{"keyport-2", "1.4.0", "Refused after 0.2 s", ToneOK, Moment{"2026-11-23T10:41:58Z", "23 Nov 2026, 11:41:58"}},
		}}
}

func replicaList() []ReplicaRow {
	started, beat := Moment{"2026-11-20T07:00:00Z", "20 Nov 2026, 08:00"}, Moment{"2026-11-23T10:42:00Z", "23 Nov 2026, 11:42:00"}
	return []ReplicaRow{{"keyport-0", "1.4.0", "Answers", ToneOK, started, beat}, {"keyport-1", "1.4.0", "Silent", ToneWarn, started, beat}}
}
