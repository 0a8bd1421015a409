package models_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestErrors(t *testing.T) {
	cause := errors.New("connection reset")
	busy := models.Busy("The database can't be asked. Try again.", time.Second)
	busy.Cause = cause
	tests := []struct {
		name string
		err  error
		want models.Kind
	}{
		{"nil", nil, models.Internal},
		{"unclassified", cause, models.Internal},
		{"invalid", models.InvalidField("Purpose", "State the purpose of this key."), models.Invalid},
		{"wrapped", fmt.Errorf("issue api key: %w", models.Missing("user")), models.NotFound},
		{"denied", models.Denied("No."), models.Forbidden},
		{"conflict", models.Conflicted("Changed."), models.Conflict},
		{"unauthorized", models.Unauthorized(), models.Unauthenticated},
		{"busy", busy, models.Unavailable},
	}
	for _, tt := range tests {
		if got := models.KindOf(tt.err); got != tt.want {
			t.Errorf("%s: got kind %v, want %v", tt.name, got, tt.want)
		}
		if got := models.Refusal(tt.err) != nil; got != (tt.want != models.Internal) {
			t.Errorf("%s: is a refusal: got %v", tt.name, got)
		}
	}
	if !errors.Is(busy, cause) || !strings.Contains(busy.Error(), "connection reset") || strings.Contains(busy.Message, "reset") {
		t.Error("a cause is for the log, and only for the log")
	}
	if models.InvalidInput(nil) != nil {
		t.Error("no problems make an error")
	}
	both := models.InvalidInput([]models.Problem{{Field: "Purpose", Message: "One."}, {Field: "Expires", Message: "Two."}})
	if both.Message != "One." || both.Problem("Expires") != "Two." || both.Problem("Other") != "" || both.Error() != "One. [Purpose: One.] [Expires: Two.]" {
		t.Errorf("got %v", both)
	}
}
