package store_test

import (
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// mostPerLookUp is how many allocations a look-up of a key that is not in the
// cache may take when it comes alone. Nearly all are the driver's; there is room for
// two more.
var mostPerLookUp = map[storetest.Engine]float64{storetest.SQLite: 91, storetest.PostgreSQL: 60}

func TestLookUpAllocations(t *testing.T) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) { // one after the other: allocations are counted
			f := storetest.New(t, e)
			_, secret := f.Issue(f.Alice, models.NewKey{})
			got := testing.AllocsPerRun(500, func() { lookUp(t, f.Store, secret) })
			if most := mostPerLookUp[e]; got > most {
				t.Errorf("%.0f allocations, want at most %.0f", got, most)
			}
		})
	}
}

func lookUp(t testing.TB, s *store.Store, secret models.Secret) {
	if _, err := s.LookUp(nobody, secret); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkLookUp(b *testing.B) {
	for _, e := range storetest.Engines {
		b.Run(string(e), func(b *testing.B) {
			f := storetest.New(b, e)
			_, secret := f.Issue(f.Alice, models.NewKey{})
			b.ReportAllocs()
			for b.Loop() {
				lookUp(b, f.Store, secret)
			}
		})
	}
}
