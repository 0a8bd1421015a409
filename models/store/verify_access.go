package store

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/keyport/keyport/models"
)

// accessTable keeps each access once: most keys share a few. Readers never wait.
type accessTable struct {
	mu     sync.Mutex
	known  map[string]uint16
	access atomic.Pointer[[]models.Access]
}

// maxAccesses bounds the table.
const maxAccesses = 4096

func (t *accessTable) at(n uint16) models.Access { return (*t.access.Load())[n] }

func (t *accessTable) number(a models.Access) (n uint16, ok bool) {
	name := accessName(a)
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []models.Access
	if list := t.access.Load(); list != nil {
		all = *list
	}
	if n, ok := t.known[name]; ok || len(all) >= maxAccesses {
		return n, ok
	}
	if t.known == nil {
		t.known = map[string]uint16{}
	}
	n, all = uint16(len(all)), append(all, a)
	t.known[name] = n
	t.access.Store(&all)
	return n, true
}

// accessName is a text that two accesses share only if they are alike.
func accessName(a models.Access) string {
	return strings.Join([]string{string(a.Level), strings.Join(a.Services, " "), strings.Join(a.Allowed.Texts(), " "), strings.Join(a.Denied.Texts(), " ")}, "\n")
}
