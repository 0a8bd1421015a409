package delivery

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Limits of what is under way at once in a process. A receiver that is slow has a
// few of the places and never all of them; it is known by its host, because
// several subscriptions can lead to one.
const (
	webhooksAtOnce = 16 // until it is noted how they went: these come again after a kill
	webhooksPerOne = 4  // to one receiver, until it has answered
)

// places are where attempts are under way, and the queue in front of them.
type places struct {
	mu     sync.Mutex
	queue  []*queued      // the oldest first
	taken  map[string]int // by receiver
	held   map[string]int // taken, and in the queue
	places int            // taken in all, until they are noted
	begun  sync.WaitGroup // of attempts, counted before anybody can wait for them
}

// queued is a delivery that was claimed and waits for a place.
type queued struct {
	store.Outgoing
	receiver string
	read     time.Time // when the rest was read
}

func newPlaces() *places { return &places{taken: map[string]int{}, held: map[string]int{}} }

// add lets deliveries wait.
func (p *places) add(list ...*queued) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, list...)
	for _, q := range list {
		p.held[q.receiver]++
	}
}

// take returns who waits and has a place now: one of his receiver's until he leaves,
// and one of all until that is noted.
func (p *places) take() (begin []*queued) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = slices.DeleteFunc(p.queue, func(q *queued) bool {
		if p.places == webhooksAtOnce || p.taken[q.receiver] == webhooksPerOne {
			return false
		}
		p.places++
		p.taken[q.receiver]++
		begin = append(begin, q)
		return true
	})
	p.begun.Add(len(begin))
	return begin
}

// leave gives a place at a receiver back.
func (p *places) leave(receiver string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	less(p.taken, receiver)
	less(p.held, receiver)
}

// noted gives places back whose attempts are noted.
func (p *places) noted(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.places -= n
}

func less(counts map[string]int, receiver string) {
	if counts[receiver]--; counts[receiver] == 0 {
		delete(counts, receiver)
	}
}

// empty takes away all that waits.
func (p *places) empty() []*queued {
	p.mu.Lock()
	defer p.mu.Unlock()
	waited := p.queue
	p.queue = nil
	for _, q := range waited {
		less(p.held, q.receiver)
	}
	return waited
}

// full reports that no place is free and that enough wait for one.
func (p *places) full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.places == webhooksAtOnce && len(p.queue) >= enoughAhead
}

// supplied reports that a receiver has enough to do.
func (p *places) supplied(receiver string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[receiver] >= enoughForOne
}

// receiverOf names who gets a subscription's webhooks: the host and its port, or
// the subscription itself when its address says none.
func receiverOf(s models.Subscription) string {
	address, err := url.Parse(s.WebhookURL)
	if err != nil || address.Host == "" {
		return s.PublicID()
	}
	port := address.Port()
	if port == "" {
		port = address.Scheme
	}
	return strings.ToLower(address.Hostname()) + " " + port
}
