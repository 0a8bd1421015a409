package store

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

const serviceColumns = "id, name, description, rate_per_minute, read_only, created_at, version"

// Services returns all services by name, to those who may configure them. There
// are never more than [models.MaxServices].
func (s *Store) Services(ctx context.Context) ([]models.Service, error) {
	if err := models.MayConfigureServices(models.ActorFrom(ctx)); err != nil {
		return nil, err
	}
	list := []models.Service{}
	err := s.read.WithContext(ctx).Select(serviceColumns).Order("name").Find(&list).Error
	return list, s.failure("services", err)
}

// ServiceNames returns the names of all services, sorted, to whoever is signed
// in: people choose among them where their keys may be used.
func (s *Store) ServiceNames(ctx context.Context) ([]string, error) {
	if models.ActorFrom(ctx) == nil {
		return nil, models.Unauthorized()
	}
	names := []string{}
	err := s.read.WithContext(ctx).Model(&models.Service{}).Order("name").Pluck("name", &names).Error
	return names, s.failure("service names", err)
}

// Service returns one service, to those who may configure them.
func (s *Store) Service(ctx context.Context, id int64) (models.Service, error) {
	if err := models.MayConfigureServices(models.ActorFrom(ctx)); err != nil {
		return models.Service{}, err
	}
	found, err := findService(s.read.WithContext(ctx), id)
	return found, s.failure("service", err)
}

func findService(db *gorm.DB, id int64) (models.Service, error) {
	var found models.Service
	err := db.Select(serviceColumns).Where("id = ?", id).Take(&found).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = models.Missing("service")
	}
	return found, err
}

// ServiceNamed returns a service for judging a call that was made to it. One
// that is not registered has no rules. "" is a service that nobody named.
func (s *Store) ServiceNamed(ctx context.Context, name string) (models.Service, error) {
	found := models.Service{}
	if name == "" {
		return found, nil
	}
	err := s.read.WithContext(ctx).Select(serviceColumns).Where("name = ?", name).Take(&found).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Service{Name: name}, nil
	}
	return found, s.failure("service named", err)
}

// CreateService registers a service.
func (s *Store) CreateService(ctx context.Context, wish models.NewService) (models.Service, error) {
	defer s.services.forget() // also after an error: the commit may have happened
	var made models.Service
	err := s.inTx(ctx, "create service", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		if made, err = models.MakeService(wish, actor); err != nil {
			return err
		}
		if err := t.roomForService(); err != nil {
			return err
		}
		made.CreatedAt = t.now
		err = t.db.Create(&made).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return models.InvalidField("Name", "Another service has this name. Choose a different one.")
		}
		if err != nil {
			return err
		}
		return t.recordService(actor, models.Created, made, nil, "was registered")
	})
	if err != nil {
		return models.Service{}, err
	}
	return made, nil
}

func (t *tx) roomForService() error {
	var n int64
	err := t.db.Model(&models.Service{}).Count(&n).Error
	if err == nil && n >= models.MaxServices {
		return models.Conflicted("There are 500 services, and there can't be more. Remove one that is not needed.")
	}
	return err
}

// ChangeService makes a service what is wished.
func (s *Store) ChangeService(ctx context.Context, id int64, wish models.ServiceChange) (models.Service, error) {
	defer s.services.forget() // also after an error: the commit may have happened
	var saved models.Service
	err := s.inTx(ctx, "change service", func(t *tx) error {
		actor, stored, err := t.serviceToChange(id)
		if err != nil {
			return err
		}
		if saved, err = models.ChangeService(stored, wish, actor); err != nil {
			return err
		}
		columns := strings.Split("description, rate_per_minute, read_only, version", ", ")
		if err := t.db.Model(&models.Service{}).Where("id = ?", id).Select(columns).Updates(saved).Error; err != nil {
			return err
		}
		changes := stored.Differences(saved)
		if len(changes) == 0 {
			return nil
		}
		return t.recordService(actor, models.Modified, saved, changes, "was changed")
	})
	if err != nil {
		return models.Service{}, err
	}
	return saved, nil
}

// serviceToChange returns who is asking and the service, which nobody else
// changes until the end of the transaction.
func (t *tx) serviceToChange(id int64) (*models.Actor, models.Service, error) {
	actor, err := t.actor()
	if err == nil {
		err = models.MayConfigureServices(actor)
	}
	if err != nil {
		return nil, models.Service{}, err
	}
	stored, err := findService(t.db.Clauses(forUpdate), id)
	return actor, stored, err
}

// DeleteService removes a service for good. Keys that may be used only there
// open nothing any more.
func (s *Store) DeleteService(ctx context.Context, id int64) (models.Service, error) {
	defer s.services.forget() // also after an error: the commit may have happened
	var stored models.Service
	err := s.inTx(ctx, "delete service", func(t *tx) error {
		actor, found, err := t.serviceToChange(id)
		if err != nil {
			return err
		}
		stored = found
		if err := t.db.Where("id = ?", id).Delete(&models.Service{}).Error; err != nil {
			return err
		}
		return t.recordService(actor, models.Deleted, stored, nil, "was removed")
	})
	return stored, err
}

func (t *tx) recordService(actor *models.Actor, what models.Category, s models.Service, changes []models.Difference, did string) error {
	return t.record(actor, models.Event{Category: what, DocumentType: models.DocumentServices, DocumentID: s.PublicID(), Differences: changes},
		said("Service ").document(s.Name, s.PublicID()).text(" "+did))
}
