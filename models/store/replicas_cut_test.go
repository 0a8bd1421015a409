package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// doomedKey is a key that is going to be revoked by the first replica.
type doomedKey struct {
	storetest.RealKey
	ended atomic.Int64 // when the answer came that it is revoked, since the trial began; 0 before
}

// cutTrial lets three replicas verify keys while they are revoked. Whatever is
// accepted that must not be is an error.
type cutTrial struct {
	*testing.T
	began    time.Time
	keys     []*doomedKey
	replicas [3]*store.Store
	next     atomic.Int64 // keys before it are revoked, or about to be
	accepted [3]atomic.Int64
	refused  [3]atomic.Int64
}

// verify judges one call. The first replica made all changes, so there a key is
// refused from the answer on, and elsewhere a second later.
func (c *cutTrial) verify(replica int, k *doomedKey) bool {
	grace := int64(time.Second)
	if replica == 0 {
		grace = 0
	}
	ended, sent := k.ended.Load(), int64(time.Since(c.began))
	_, err := c.replicas[replica].Verify(nobody, k.Secret)
	if err != nil {
		c.refused[replica].Add(1)
		return false
	}
	c.accepted[replica].Add(1)
	if ended != 0 && sent > ended+grace {
		c.Errorf("replica %d accepted a key %v after it was revoked", replica, time.Duration(sent-ended))
	}
	return true
}

// load verifies without end, mostly keys around those that are being revoked.
func (c *cutTrial) load(ctx context.Context, replica int) {
	for ctx.Err() == nil {
		n := rand.IntN(len(c.keys))
		if rand.IntN(4) > 0 {
			n = min(max(0, int(c.next.Load())-1400+rand.IntN(1500)), len(c.keys)-1)
		}
		c.verify(replica, c.keys[n])
		time.Sleep(100 * time.Microsecond) // the database runs on the same machine
	}
}

// revoke ends all keys on the first replica: 400 one by one, and the others in 20
// revocations of 480.
func (c *cutTrial) revoke(f *storetest.Fixture) {
	for _, k := range c.keys[:400] {
		must[models.APIKey](c.T)(c.replicas[0].RevokeAPIKey(storetest.Console(), k.UserID, k.ID))
		k.ended.Store(int64(time.Since(c.began)))
		c.next.Add(1)
		c.verify(0, k)
	}
	for part := range 20 {
		c.next.Add(480)
		must[models.Revocation](c.T)(c.replicas[0].StartRevocation(f.As(f.Admin), wishFor(c.T, f, fmt.Sprintf("part %d.", part))))
		wantKind(c.T, c.replicas[0].WorkOffRevocations(nobody), 0)
		ended := int64(time.Since(c.began))
		for _, k := range c.keys[400+part*480:][:480] {
			k.ended.Store(ended)
		}
	}
}

// 10,000 keys are revoked while three replicas are under load, and the third one
// loses and finds its database again and again, for shorter and for longer than
// its memory may be trusted: no call is accepted on the first one after its
// answer, and none anywhere a second later.
func TestTenThousandRevokesWithTheFeedCut(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	third, cut, heal := silenced(t, f)
	c := &cutTrial{T: t, began: time.Now(), replicas: [3]*store.Store{f.Store, f.Reopen(1), third}}
	purpose := func(n int) string {
		if n < 400 {
			return "single"
		}
		return fmt.Sprintf("part %d.", (n-400)/480)
	}
	owners := []int64{f.Alice.ID, f.Bob.ID, f.Charlie.ID, f.Robot.ID}
	for _, k := range storetest.RealKeys(t, f.URL, storetest.Keyring(t, 1), f.Clock.Now(), 10000, purpose, func(n int) int64 { return owners[n%len(owners)] }) {
		c.keys = append(c.keys, &doomedKey{RealKey: k})
	}
	c.warm()

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var load sync.WaitGroup
	for replica, callers := range []int{1, 1, 6} { // those of the third one wait while it is cut off
		for range callers {
			load.Go(func() { c.load(ctx, replica) })
		}
	}
	revoking := make(chan struct{})
	go func() {
		defer close(revoking)
		c.revoke(f)
	}()
	cuts := c.cutAgainAndAgain(cut, heal, revoking)
	<-revoking
	t.Logf("10,000 keys were revoked in %v, with %d cuts", time.Since(c.began), cuts)
	time.Sleep(time.Second)
	stop()
	load.Wait()
	c.finish(f)
}

// warm has the third replica remember all keys, and the others some.
func (c *cutTrial) warm() {
	warm(c.T, c.replicas[2], must[models.Secret](c.T)(secretOf(c.keys[0].Secret)))
	var all sync.WaitGroup
	for part := range 4 {
		all.Go(func() {
			for n := part; n < len(c.keys); n += 4 {
				if !c.verify(2, c.keys[n]) || !c.verify(n%2, c.keys[n]) {
					c.Error("a good key is refused")
				}
			}
		})
	}
	all.Wait()
}

func secretOf(text string) (models.Secret, error) {
	secret, ok := models.ParseSecret(text)
	if !ok {
		return secret, fmt.Errorf("no secret")
	}
	return secret, nil
}

// cutAgainAndAgain cuts the third replica off until all is done, and returns how
// often.
func (c *cutTrial) cutAgainAndAgain(cut, heal func(), done <-chan struct{}) (cuts int) {
	for {
		for _, d := range []time.Duration{2500 * time.Millisecond, 150 * time.Millisecond, 500 * time.Millisecond} {
			cut()
			cuts++
			time.Sleep(d)
			heal()
			select {
			case <-done:
				return cuts
			case <-time.After(700 * time.Millisecond):
			}
		}
	}
}

// finish checks that all keys are dead everywhere, and that something was
// tested.
func (c *cutTrial) finish(f *storetest.Fixture) {
	if n := f.Count("SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL"); n != len(c.keys) {
		c.Errorf("%d keys are revoked, want %d", n, len(c.keys))
	}
	for n, k := range c.keys {
		c.verify(n%3, k)
	}
	for replica := range c.replicas {
		c.Logf("replica %d: %d accepted, %d refused", replica, c.accepted[replica].Load(), c.refused[replica].Load())
		if c.accepted[replica].Load() < 1000 || c.refused[replica].Load() < 1000 {
			c.Errorf("replica %d saw too little to prove anything", replica)
		}
	}
}
