package store

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/keyport/keyport/models"
)

// serviceCopy holds all services, of which there are few, for as long as every
// change of them is heard of.
type serviceCopy struct {
	generation atomic.Uint64
	known      atomic.Pointer[knownServices]
	loading    sync.Mutex // so that a change brings one query, and not one by each call
}

// knownServices are the services as they were in a generation.
type knownServices struct {
	generation uint64
	byName     map[string]models.Service
}

// forget ends the generation: what is being loaded now is already old.
func (c *serviceCopy) forget() { c.generation.Add(1) }

// of returns the services of the generation, nil when nobody has loaded them.
func (c *serviceCopy) of(generation uint64) *knownServices {
	if known := c.known.Load(); known != nil && known.generation == generation {
		return known
	}
	return nil
}

// RegisteredService returns a service by which a call is judged, and whether
// there is one of that name. Like Verify it answers from memory while every
// change is heard of, and otherwise asks the database.
func (s *Store) RegisteredService(ctx context.Context, name string) (models.Service, bool, error) {
	if !s.changes.started.Load() {
		s.changes.start(s.followChanges)
	}
	// In this order, as in Verify.
	fresh := s.changes.fresh()
	generation := s.services.generation.Load()
	if !fresh {
		found, err := s.ServiceNamed(ctx, name)
		return found, found.ID != 0, err
	}
	known := s.services.of(generation)
	if known == nil {
		var err error
		if known, err = s.loadServices(ctx); err != nil {
			return models.Service{}, false, err
		}
	}
	found, ok := known.byName[name]
	return found, ok, nil
}

func (s *Store) loadServices(ctx context.Context) (*knownServices, error) {
	s.services.loading.Lock()
	defer s.services.loading.Unlock()
	generation := s.services.generation.Load()
	if known := s.services.of(generation); known != nil {
		return known, nil
	}
	var list []models.Service
	if err := s.read.WithContext(ctx).Select(serviceColumns).Find(&list).Error; err != nil {
		return nil, s.failure("services", err)
	}
	known := &knownServices{generation: generation, byName: make(map[string]models.Service, len(list))}
	for _, service := range list {
		known.byName[service.Name] = service
	}
	s.services.known.Store(known)
	return known, nil
}
