package views

import (
	"fmt"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"rsc.io/qr"
)

func signInMeans() SignInMeans {
	since := Moment{"2026-11-03T09:00:00Z", "3 Nov 2026"}
	return SignInMeans{Shell: profileShell("Sign-in", pathMeans), AppSince: &since, Zone: "Europe/Stockholm", Codes: "8 of 10 are left", Devices: "3 browsers are known.",
		Passkeys: []PasskeyRow{
			{"Laptop", Moment{"2026-11-03T09:00:00Z", "3 Nov 2026"}, "Last used 3 days ago", pathPasskeys + "/1/removal"},
			{"Key ring", Moment{"2026-11-03T09:00:00Z", "3 Nov 2026"}, "Never used", pathPasskeys + "/2/removal"},
		},
		Name: Field{Name: "name", ID: "passkey-name", Label: "Name of the passkey", MaxLength: 64, Required: true, Autocomplete: "off", Hint: "By which you recognise it."}}
}

func appSetup() AppSetup {
	code, err := NewQR("otpauth://totp/Keyport%20(keyport.example.com):maya?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Keyport")
	if err != nil {
		panic(err)
	}
	return AppSetup{Shell: profileShell("Set up an authenticator app", pathMeans), QR: code, Secret: "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", Code: stepCode()}
}

func stepCode() Field {
	return Field{Name: "code", ID: "code", Label: "Code", Required: true, MaxLength: 40, Autocomplete: "one-time-code", Hint: "Six digits."}
}

func confirmSample() Confirm {
	return Confirm{Shell: profileShell("Confirm it’s you", ""), Path: pathKeys, Kept: "locked", Passkeys: true,
		Password: &Field{Name: "confirm_password", ID: "confirm-password", Label: "Your password", Type: "password", Required: true, Autocomplete: "current-password"},
		Code:     &Field{Name: "confirm_code", ID: "confirm-code", Label: "Code from your authenticator app", Required: true, Autocomplete: "one-time-code"}}
}

// signInPages are the pages around signing in, in every state.
func signInPages() []sample {
	few, broken, off := signInMeans(), signInMeans(), SignInMeans{Shell: profileShell("Sign-in", pathMeans), PasskeysOff: "Passkeys work only by HTTPS."}
	few.Codes, few.FewCodes = "2 of 10 are left", true
	broken.Name.Error = "Give the passkey a name."
	broken.Problems = []Problem{{"passkey-name", broken.Name.Error}}
	wrongCode := appSetup()
	wrongCode.Code.Error = "This is not the code of this secret."
	wrongCode.Problems = []Problem{{"code", wrongCode.Code.Error}}
	refused := SecondStep{Code: stepCode(), App: true, Notice: &Notice{Tone: ToneBad, Title: "That did not work", Text: "This code is not right."}}
	refused.Code.Error = "This code is not right."
	doubted := confirmSample()
	password := *doubted.Password
	password.Error = "This is not your password."
	doubted.Password, doubted.Problems = &password, []Problem{{"confirm-password", password.Error}}
	passkeys, slowed := signIn(), signIn()
	passkeys.Passkeys = true
	slowed.Notice = &Notice{Tone: ToneWarn, Title: "Too many attempts", Text: "Try again in 2 minutes."}
	return []sample{
		{"sign-in-passkeys", SignInPage(passkeys)},
		{"sign-in-slowed", SignInPage(slowed)},
		{"means", SignInMeansPage(signInMeans())},
		{"means-none", SignInMeansPage(off)},
		{"means-few-codes", SignInMeansPage(few)},
		{"means-errors", SignInMeansPage(broken)},
		{"app-setup", AppSetupPage(appSetup())},
		{"app-setup-errors", AppSetupPage(wrongCode)},
		{"recovery-codes", RecoveryCodesPage(RecoveryCodes{profileShell("Recovery codes", pathMeans), "Your app is in use.", []string{"K7QX-2MNB-VTRA", "AAAA-BBBB-CCCC"}})},
		{"second-step", SecondStepPage(SecondStep{Code: stepCode(), App: true, Passkeys: true, Return: pathProfile})},
		{"second-step-passkey", SecondStepPage(SecondStep{Code: stepCode(), Passkeys: true})},
		{"second-step-errors", SecondStepPage(refused)},
		{"second-step-no-passkeys", SecondStepPage(SecondStep{Code: stepCode(), PasskeysOff: "Passkeys work only by HTTPS."})},
		{"confirm", ConfirmPage(confirmSample())},
		{"confirm-errors", ConfirmPage(doubted)},
		{"confirm-again", ConfirmPage(Confirm{Shell: profileShell("Confirm it’s you", ""), Again: true})},
	}
}

func signInFragments() []sample {
	return []sample{
		{"confirm-main", ConfirmMain(confirmSample())},
		{"second-factor", SecondFactorSection(SecondFactorRemoval{profileShell("", ""), "/configuration/users/Users-7/second-factor/removal", "Vera Lind"})},
	}
}

func hostileSignIn(s Shell) []sample {
	const evil = "javascript:alert(1)"
	f, moment, problems := Field{Name: "f", Label: hostile, Value: hostile, Hint: hostile, Error: hostile}, Moment{hostile, hostile}, []Problem{{"", hostile}}
	return []sample{
		{"means shows", SignInMeansPage(SignInMeans{s, &moment, []PasskeyRow{{hostile, moment, hostile, evil}}, "", f, problems, hostile, true, hostile, hostile})},
		{"no passkeys shows", SignInMeansPage(SignInMeans{Shell: s, PasskeysOff: hostile})},
		{"app shows", AppSetupPage(AppSetup{s, QR{29, hostile}, hostile, f, problems})},
		{"codes shows", RecoveryCodesPage(RecoveryCodes{s, hostile, []string{hostile}})},
		{"second step shows", SecondStepPage(SecondStep{f, true, true, hostile, hostile, &Notice{ToneBad, hostile, hostile, evil}})},
		{"confirm shows", ConfirmPage(Confirm{s, evil, hostile, &f, nil, true, true, hostile, evil, &Notice{ToneBad, hostile, hostile, evil}, problems})},
		{"second factor shows", SecondFactorSection(SecondFactorRemoval{s, evil, hostile})},
	}
}

func TestSignInPages(t *testing.T) {
	tests := []struct {
		name      string
		component templ.Component
		want      wants
	}{
		{"passkeys wait for the script, and the page says what they need", SignInMeansPage(signInMeans()), wants{"form[data-passkey][data-passkey-make][hidden]": 1, "[data-no-script]": 1, "[data-passkey-missing][hidden]": 1, "li form[action$='/removal']": 2}},
		{"no passkeys, no button", SignInMeansPage(SignInMeans{PasskeysOff: "No."}), wants{"[data-passkey]": 0, "[data-no-script]": 0, "[aria-labelledby=codes-title]": 0}},
		{"few codes warn", SignInMeansPage(SignInMeans{Codes: "1 of 10 are left", FewCodes: true}), wants{".badge.warn": 1}},
		{"the code is drawn, and its secret written", AppSetupPage(appSetup()), wants{"svg.qr[role=img][aria-label]": 1, "svg.qr path": 2, "code.secret": 1, "input[autocomplete=one-time-code]": 1}},
		{"a typed secret never stands in the form", ConfirmPage(confirmSample()), wants{"input[type=password][value]": 0, "form[action='/account/apikeys']": 3, "input[type=hidden][name=confirm_form][value=locked]": 3, "h1[data-focus]": 1}},
		{"nothing to confirm with", ConfirmPage(Confirm{Again: true}), wants{"main form": 1, "main form[action='/sign-out']": 1}},
		{"the app comes first", SecondStepPage(SecondStep{App: true, Passkeys: true}), wants{"form[action='/sign-in/second-step']": 2, "form:not([data-passkey]) .btn-primary": 1, "[data-passkey] .btn-primary": 0}},
		{"without an app the passkey does", SecondStepPage(SecondStep{Passkeys: true}), wants{"[data-passkey] .btn-primary": 1, "form:not([data-passkey]) .btn-primary": 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkWants(t, parsed(t, tt.component), tt.want) })
	}
}

// A component in the middle of a line is only text to templ.
func TestNoTemplateShowsItsSource(t *testing.T) {
	for _, s := range append(pages(), fragments()...) {
		if out := rendered(t, s.component); strings.Contains(out, "@when(") || strings.Contains(out, "@icon(") {
			t.Errorf("%s shows the source of its template", s.name)
		}
	}
}

// The drawing is the code: each module of the one is in the other.
func TestQR(t *testing.T) {
	const text = "otpauth://totp/Keyport:maya?secret=GEZDGNBVGY3TQOJQ"
	code, err := NewQR(text)
	if err != nil {
		t.Fatal(err)
	}
	want, err := qr.Encode(text, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[[2]int]bool{}
	for _, part := range strings.SplitAfter(code.Path, "z") {
		var x, y, run, back int
		if n, _ := fmt.Sscanf(part, "M%d %dh%dv1h-%dz", &x, &y, &run, &back); n != 4 || run != back {
			if part != "" {
				t.Fatalf("part %q is no row of modules", part)
			}
			continue
		}
		for i := range run {
			drawn[[2]int{x + i, y}] = true
		}
	}
	for y := range code.Side {
		for x := range code.Side {
			if black := want.Black(x-quietZone, y-quietZone); drawn[[2]int{x, y}] != black {
				t.Fatalf("module %d, %d: black = %t, want %t", x, y, !black, black)
			}
		}
	}
	if code.Side != want.Size+2*quietZone {
		t.Errorf("side = %d, want %d", code.Side, want.Size+2*quietZone)
	}
	if _, err := NewQR(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text that is too long was drawn")
	}
}
