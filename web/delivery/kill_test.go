package delivery_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// senderFor tells a copy of this program on which way to send, to which address
// and from which database.
const senderFor = "KEYPORT_TEST_SENDER_FOR"

// TestSenderProcess is no test but what the killed process of the next one does.
func TestSenderProcess(t *testing.T) {
	name, rest, given := strings.Cut(os.Getenv(senderFor), " ")
	if !given {
		return
	}
	address, url, _ := strings.Cut(rest, " ")
	way{name: name, address: address}.send(t, url, killedLease)
	time.Sleep(time.Minute)
}

// killedLease is that of the process that is killed and of the one that lives.
const killedLease = 3 * time.Second

// A process is killed in the middle of sending. Another one sends what is left
// within a lease, and of what came before nothing but what was under way.
func TestSendingSurvivesAKill(t *testing.T) {
	eachWay(t, func(t *testing.T, f *storetest.Fixture, open func(func(int)) way) {
		const events = 50
		var w way
		sender := exec.Command(os.Args[0], "-test.run=^TestSenderProcess$")
		killed := make(chan time.Time, 1)
		var before []string
		var kill sync.Mutex // nobody is answered while it is killed
		w = open(func(n int) {
			kill.Lock()
			defer kill.Unlock()
			if n != w.unnoted+10 {
				return
			}
			_ = sender.Process.Kill()
			_ = sender.Wait()
			time.Sleep(200 * time.Millisecond) // what it still sent is read
			before = w.came()
			killed <- time.Now()
		})
		w.happen(t, f, events)
		sender.Env = append(os.Environ(), senderFor+"="+w.name+" "+w.address+" "+f.URL)
		if err := sender.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the first message", func() bool { return len(w.came()) > 0 })
		w.send(t, f.URL, killedLease)
		at := <-killed
		done := noted(f, before)
		eventually(t, "the next message", func() bool { return len(w.came()) > len(before) })
		if took := time.Since(at); took > killedLease+5*time.Second {
			t.Errorf("another process sent after %s, want within a lease of %s", took, killedLease)
		}
		eventually(t, "the rest", func() bool {
			return f.Count("SELECT COUNT(*) FROM deliveries WHERE state = '"+string(models.DeliveryDelivered)+"'") == events
		})
		came, again := times(w.came()), len(w.came())-events
		for event, n := range came {
			if n > 1 && (n > 2 || !slices.Contains(before, event) || slices.Contains(done, event)) {
				t.Errorf("event %s came %d times; before the kill came %v, of which were noted %v", event, n, before, done)
			}
		}
		if under := len(before) - len(done); len(came) != events || under > w.unnoted || again > under {
			t.Errorf("%d of %d events came, %d of them a second time; %d were under way, want %d at the most", len(came), events, again, under, w.unnoted)
		}
	})
}
