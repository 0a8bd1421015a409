package store_test

import (
	"regexp"
	"sync"
	"testing"

	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// Replicas that ask first together get one id, and so does whoever asks later.
func TestInstallationID(t *testing.T) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			url := e.URL(t)
			var mu sync.Mutex
			var wg sync.WaitGroup
			ids := map[string]bool{}
			for range 4 {
				s := storetest.OpenURL(t, url, store.Options{})
				for range 2 {
					wg.Go(func() {
						id, err := s.InstallationID(nobody)
						wantNoError(t, err)
						mu.Lock()
						defer mu.Unlock()
						ids[id] = true
					})
				}
			}
			wg.Wait()
			ids[must[string](t)(storetest.OpenURL(t, url, store.Options{}).InstallationID(nobody))] = true
			if len(ids) != 1 {
				t.Errorf("ids = %v, want one", ids)
			}
			for id := range ids {
				if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id) {
					t.Errorf("id = %q, want a UUID", id)
				}
			}
		})
	}
}
