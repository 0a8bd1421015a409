package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestServices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		wish := models.NewService{Name: "billing", Description: "Invoices", RatePerMinute: 60, ReadOnly: models.ParseReadRules("GET /**")}
		billing := must[models.Service](t)(f.Store.CreateService(admin, wish))
		must[models.Service](t)(f.Store.CreateService(admin, models.NewService{Name: "archive"}))
		if _, err := f.Store.CreateService(admin, wish); models.Refusal(err) == nil || models.Refusal(err).Problem("Name") == "" {
			t.Errorf("the name again: got %v, want a problem of Name", err)
		}
		if got := must[[]string](t)(f.Store.ServiceNames(f.As(f.Bob))); !slices.Equal(got, []string{"archive", "billing"}) {
			t.Errorf("names: got %v", got)
		}
		stored := must[models.Service](t)(f.Store.Service(admin, billing.ID))
		if stored.Description != "Invoices" || stored.RatePerMinute != 60 || fmt.Sprint(stored.ReadOnly) != "[GET /**]" || !stored.CreatedAt.Equal(f.Store.Now()) {
			t.Errorf("stored %+v", stored)
		}
		change := models.ServiceChange{NewService: models.NewService{Description: "Money", RatePerMinute: 0}, Version: 1}
		must[models.Service](t)(f.Store.ChangeService(admin, billing.ID, change))
		if _, err := f.Store.ChangeService(admin, billing.ID, change); models.KindOf(err) != models.Conflict {
			t.Errorf("an old version: got %v, want Conflict", err)
		}
		must[models.Service](t)(f.Store.DeleteService(admin, billing.ID))
		if _, err := f.Store.Service(admin, billing.ID); models.KindOf(err) != models.NotFound {
			t.Errorf("removed: got %v, want NotFound", err)
		}
		var said []string
		for _, e := range must[[]models.Event](t)(f.Store.Events(admin, models.Page{Take: 4})) {
			said = append(said, fmt.Sprint(e.Category, ": ", e.Message, " ", len(e.Differences)))
		}
		want := []string{"Deleted: Service billing was removed 0", "Modified: Service billing was changed 3", "Created: Service archive was registered 0", "Created: Service billing was registered 0"}
		if !slices.Equal(said, want) {
			t.Errorf("events: got %q, want %q", said, want)
		}
	})
}

func TestServicesAreForConfigurers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		made := must[models.Service](t)(f.Store.CreateService(f.As(f.Admin), models.NewService{Name: "billing"}))
		for who, tt := range map[string]struct {
			ctx  context.Context
			want models.Kind
		}{"nobody": {context.Background(), models.Unauthenticated}, "bob": {f.As(f.Bob), models.Forbidden}} {
			_, list := f.Store.Services(tt.ctx)
			_, see := f.Store.Service(tt.ctx, made.ID)
			_, add := f.Store.CreateService(tt.ctx, models.NewService{Name: "other"})
			_, change := f.Store.ChangeService(tt.ctx, made.ID, models.ServiceChange{})
			_, remove := f.Store.DeleteService(tt.ctx, made.ID)
			for what, err := range map[string]error{"list": list, "see": see, "add": add, "change": change, "remove": remove} {
				if models.KindOf(err) != tt.want {
					t.Errorf("%s, %s: got %v, want kind %d", who, what, err, tt.want)
				}
			}
		}
		if _, err := f.Store.ServiceNames(context.Background()); models.KindOf(err) != models.Unauthenticated {
			t.Errorf("names: got %v, want Unauthenticated", err)
		}
	})
}

// One of several who save the same form wins, and the others are told.
func TestServiceChangesDontOverwrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		made := must[models.Service](t)(f.Store.CreateService(admin, models.NewService{Name: "billing"}))
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				_, errs[i] = f.Store.ChangeService(admin, made.ID, models.ServiceChange{NewService: models.NewService{RatePerMinute: int64(i + 1)}, Version: 1})
			})
		}
		all.Wait()
		won := 0
		for i, err := range errs {
			switch models.KindOf(err) {
			case models.Conflict:
			default:
				if err != nil {
					t.Fatal(err)
				}
				won++
				if got := must[models.Service](t)(f.Store.Service(admin, made.ID)); got.RatePerMinute != int64(i+1) || got.Version != 2 {
					t.Errorf("stored %+v, want what writer %d wished", got, i)
				}
			}
		}
		if won != 1 {
			t.Errorf("%d writers won, want 1", won)
		}
	})
}
