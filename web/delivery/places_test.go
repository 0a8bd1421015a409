package delivery_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// crowd counts the requests that are at a receiver at the same time, and those
// that are at any of them.
type crowd struct {
	mu        sync.Mutex
	here      map[string]int
	most      map[string]int
	all, peak int
	came      int
	gate      chan struct{} // until it is closed, nobody is answered
}

// host starts a receiver.
func (c *crowd) host(t *testing.T, name string) string {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		c.count(name, 1)
		<-c.gate
		time.Sleep(time.Millisecond)
		c.count(name, -1)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func (c *crowd) count(name string, change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.here[name] += change
	c.all += change
	c.came += max(0, change)
	c.most[name], c.peak = max(c.most[name], c.here[name]), max(c.peak, c.all)
}

func (c *crowd) now() (all, came int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all, c.came
}

// A process has 16 webhooks under way and no more, and of one receiver 4, however
// many subscriptions lead there: with four receivers all places are taken.
func TestWebhooksAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		c := &crowd{here: map[string]int{}, most: map[string]int{}, gate: make(chan struct{})}
		open := sync.OnceFunc(func() { close(c.gate) })
		var urls []string
		for i := range 4 {
			urls = append(urls, c.host(t, fmt.Sprint("receiver ", i)))
		}
		t.Cleanup(open) // before the receivers are closed, which waits for their calls
		urls = append(urls, urls[0]+"/again", urls[0]+"/once-more")
		for i, url := range urls {
			subscribe(t, f, fmt.Sprint("Hook ", i), url)
		}
		const events = 30
		for range events {
			f.Issue(f.Robot, models.NewKey{})
		}
		run(t, f)
		eventually(t, "all places to be taken", func() bool { all, _ := c.now(); return all == 16 })
		time.Sleep(300 * time.Millisecond) // for whoever comes although all are taken
		if all, came := c.now(); all != 16 || came != 16 {
			t.Errorf("%d webhooks are under way and %d came, want 16", all, came)
		}
		open()
		eventually(t, "all webhooks", func() bool { _, came := c.now(); return came == events*len(urls) })
		c.mu.Lock()
		defer c.mu.Unlock()
		for name, most := range c.most {
			if most != 4 {
				t.Errorf("%s had %d webhooks at once, want 4", name, most)
			}
		}
		if len(c.most) != 4 || c.peak != 16 {
			t.Errorf("%d receivers had %d webhooks at once, want 16", len(c.most), c.peak)
		}
	})
}
