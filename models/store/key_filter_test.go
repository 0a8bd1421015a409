package store

import (
	"math/rand/v2"
	"testing"
)

// A full filter knows each of its keys, takes few others for one of them, and
// stays small.
func TestKeyFilter(t *testing.T) {
	const room, others = 100_000, 100_000
	f := newKeyFilter(room)
	random := rand.New(rand.NewPCG(1, 2))
	keys := make([]uint64, room)
	for i := range keys {
		keys[i] = random.Uint64()
		f.add(keys[i])
	}
	for i, piece := range keys {
		if !f.mayHold(piece) {
			t.Fatalf("key %d is not known", i)
		}
	}
	mistaken := 0
	for range others {
		if f.mayHold(random.Uint64()) {
			mistaken++
		}
	}
	t.Logf("%d of %d taken for a key", mistaken, others)
	if mistaken > others/100 {
		t.Errorf("%d of %d other keys are taken for one that was added, want at most 1 %%", mistaken, others)
	}
	if held := f.held.Load(); f.full() || held < room*99/100 {
		t.Errorf("held = %d of %d", held, room)
	}
	if size := len(f.lines) * filterLineBits / 8; size > room*2 {
		t.Errorf("%d bytes for %d keys", size, room)
	}
}

// An empty filter knows nothing, and adding a key again makes it no fuller.
func TestKeyFilterCounts(t *testing.T) {
	f := newKeyFilter(1)
	if f.mayHold(0) || f.mayHold(^uint64(0)) {
		t.Error("an empty filter holds something")
	}
	f.add(0)
	f.add(0)
	if f.full() || !f.mayHold(0) {
		t.Error("a key that was added twice fills two places, or none")
	}
	f.add(^uint64(0))
	if !f.full() || !f.mayHold(^uint64(0)) {
		t.Error("two keys fit where there is room for one")
	}
}

// A filter that gets full asks for the next one, and what is added while that one
// is filled is in both.
func TestKnownKeysGrow(t *testing.T) {
	k := newKnownKeys()
	if f := k.gather(2); !k.believe(f) {
		t.Fatal("a filter is not believed although nothing was missed")
	}
	k.add(1<<40, 2<<40)
	if len(k.again) != 0 {
		t.Error("a filter asks for another one while it has room")
	}
	k.add(3 << 40)
	if len(k.again) != 1 {
		t.Error("a full filter does not ask for another one")
	}
	next := k.gather(10)
	k.add(4 << 40)
	if len(k.again) != 0 || !k.believed.Load().mayHold(4<<40) {
		t.Error("while the next filter is filled, the one before it must go on")
	}
	if !k.believe(next) || !next.mayHold(4<<40) || next.full() {
		t.Error("the next filter lacks what was added while it was filled")
	}
}

// A filter is not believed if a key was missed while it was filled.
func TestKnownKeysOvertaken(t *testing.T) {
	k := newKnownKeys()
	f := k.gather(10)
	k.hear("many")
	if k.believe(f) || k.believed.Load() != nil || len(k.again) != 1 {
		t.Error("a filter that lacks a key is believed, or not made again")
	}
	f = k.gather(10)
	k.hear("0102030405060708")
	if !k.believe(f) || !f.mayHold(0x0102030405060708) {
		t.Error("a key that was heard of is not known")
	}
	k.forget()
	if k.believed.Load() != nil {
		t.Error("what was forgotten is believed")
	}
}
