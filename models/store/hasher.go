package store

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/keyport/keyport/models"
)

// costs of Argon2id: memory in KiB, passes, lanes.
type costs struct {
	memory, passes uint32
	lanes          uint8
}

// currentCosts are OWASP's floor for Argon2id: some 30 ms and 19 MiB.
var currentCosts = costs{memory: 19456, passes: 2, lanes: 1}

// A process works out two hashes at a time, so that a burst of sign-ins can't
// take the machine's memory; so many more may wait.
const (
	parallelHashes = 2
	waitingHashes  = 32
	saltSize       = 16
	sumSize        = 32
)

// hasher makes and checks password hashes.
type hasher struct {
	admitted chan struct{} // working and waiting
	working  chan struct{}
	dummy    string // the hash of no password, for users that have none
	done     atomic.Int64
}

func newHasher() *hasher {
	return &hasher{
		admitted: make(chan struct{}, parallelHashes+waitingHashes),
		working:  make(chan struct{}, parallelHashes),
		dummy:    phc{currentCosts, random(saltSize), random(sumSize)}.String(),
	}
}

// phc is a hash with all that is needed to check it, in the form of the
// password hashing competition.
type phc struct {
	costs
	salt, sum []byte
}

// String writes "$argon2id$v=19$m=…,t=…,p=…$salt$sum".
func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(p.sum))
}

// parsePHC reads a stored hash. The bounds keep an edited row from taking the
// machine's memory.
func parsePHC(s string) (p phc, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil {
		return phc{}, errPHC
	}
	var saltErr, sumErr error
	p.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	p.sum, sumErr = base64.RawStdEncoding.DecodeString(parts[5])
	const most = 1 << 20 // 1 GiB
	if saltErr != nil || sumErr != nil || len(p.salt) < 8 || len(p.sum) < 16 || len(p.sum) > 64 ||
		p.memory < 8 || p.memory > most || p.passes < 1 || p.passes > 64 || p.lanes < 1 {
		return phc{}, errPHC
	}
	return p, nil
}

var errPHC = errors.New("not an Argon2id hash in PHC form")

// hash returns what to store of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	p := phc{costs: currentCosts, salt: random(saltSize)}
	sum, err := h.work(ctx, p, sumSize, password)
	p.sum = sum
	return p.String(), err
}

// matches reports whether a password has the stored hash. stale says that the
// hash was made with lower costs than are now in use. A hash that can't be read
// matches nothing, at the same cost.
func (h *hasher) matches(ctx context.Context, stored, password string) (ok, stale bool, err error) {
	p, unreadable := parsePHC(stored)
	if unreadable != nil {
		p, _ = parsePHC(h.dummy)
	}
	sum, err := h.work(ctx, p, uint32(len(p.sum)), password)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(sum, p.sum) == 1 && unreadable == nil
	stale = p.memory < currentCosts.memory || p.passes < currentCosts.passes
	return ok, stale, nil
}

// work runs Argon2id when it is this call's turn. Passwords are normalised
// first, since keyboards differ in how they compose accented letters.
func (h *hasher) work(ctx context.Context, p phc, size uint32, password string) ([]byte, error) {
	select {
	case h.admitted <- struct{}{}:
		defer func() { <-h.admitted }()
	default:
		return nil, models.Busy("Many people are signing in at the moment. Try again in a few seconds.", 3*time.Second)
	}
	select {
	case h.working <- struct{}{}:
		defer func() { <-h.working }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h.done.Add(1)
	return argon2.IDKey([]byte(norm.NFC.String(password)), p.salt, p.passes, p.memory, p.lanes, size), nil
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}
