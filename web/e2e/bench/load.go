//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keyport/keyport/models"
)

// load is what asks a server: many connections that stay open.
type load struct {
	address string
	pick    picker
	status  string // that each answer must have
	conns   int
	most    int64 // calls in one go, 0 for any number
}

// picker writes the next key into a request, and reports whether there is one.
type picker func(key []byte) bool

// hot picks one key, always.
func hot(secrets []byte) picker {
	return func(key []byte) bool { return copy(key, secrets) > 0 }
}

// some picks among the first n keys by chance.
func some(secrets []byte, n int) picker {
	n = min(n, len(secrets)/models.SecretLength)
	return func(key []byte) bool {
		copy(key, secrets[rand.IntN(n)*models.SecretLength:])
		return true
	}
}

// once picks each key once, from a place on.
func once(secrets []byte, next *atomic.Int64) picker {
	return func(key []byte) bool {
		at := int(next.Add(1)-1) * models.SecretLength
		if at+models.SecretLength > len(secrets) {
			return false
		}
		copy(key, secrets[at:])
		return true
	}
}

// nonsense picks what can't be a key.
func nonsense(key []byte) bool {
	copy(key, "this-is-not-a-key-at-all-......")
	return true
}

// unknown makes keys that might be right and are not.
func unknown(key []byte) bool {
	copy(key, models.NewSecret().Reveal())
	return true
}

// connection asks and reads answers. It does as little as it can, because it
// works on the same processors as the server.
type connection struct {
	net.Conn
	request, answer []byte
	key             []byte // its place in the request
}

func dial(address string) (*connection, error) {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, answer: make([]byte, 8<<10)}
	c.request = []byte("GET /verify/" + service + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: bench/1\r\nAccept: */*\r\nX-Api-Key: " + string(make([]byte, models.SecretLength)) + "\r\n\r\n")
	c.key = c.request[len(c.request)-4-models.SecretLength : len(c.request)-4]
	return c, nil
}

var (
	endOfHeader   = []byte("\r\n\r\n")
	contentLength = []byte("Content-Length: ")
)

// ask sends the request and reads the answer to its end.
func (c *connection) ask(status string) error {
	if _, err := c.Write(c.request); err != nil {
		return err
	}
	have, want := 0, -1
	for want < 0 || have < want {
		if have == len(c.answer) {
			return errors.New("the answer is too long")
		}
		n, err := c.Read(c.answer[have:])
		if err != nil {
			return err
		}
		have += n
		if want < 0 {
			want = lengthOf(c.answer[:have])
		}
	}
	if string(c.answer[9:12]) != status && status != "" {
		return fmt.Errorf("want status %s, got: %.300s", status, c.answer[:have])
	}
	return nil
}

// lengthOf is how long an answer is, -1 while its header is not all there.
func lengthOf(answer []byte) int {
	end := bytes.Index(answer, endOfHeader)
	if end < 0 {
		return -1
	}
	at := bytes.Index(answer[:end], contentLength)
	if at < 0 {
		return end + len(endOfHeader)
	}
	rest := answer[at+len(contentLength):]
	n, _ := strconv.Atoi(string(rest[:bytes.IndexByte(rest, '\r')]))
	return end + len(endOfHeader) + n
}

// closed asks as often as the answers come, and returns how often that was in a
// second, and how often at all.
func (l load) closed(ctx context.Context, d time.Duration) (perSecond float64, calls int, err error) {
	var workers sync.WaitGroup
	var total, begun atomic.Int64
	failed := make(chan error, l.conns)
	start := time.Now()
	for range l.conns {
		workers.Go(func() {
			c, err := dial(l.address)
			if err != nil {
				failed <- err
				return
			}
			defer c.Close()
			n := int64(0)
			for time.Since(start) < d && ctx.Err() == nil && (l.most == 0 || begun.Add(1) <= l.most) && l.pick(c.key) {
				if err := c.ask(l.status); err != nil {
					failed <- err
					break
				}
				n++
			}
			total.Add(n)
		})
	}
	workers.Wait()
	took := time.Since(start)
	select {
	case err = <-failed:
	default:
		err = ctx.Err()
	}
	return float64(total.Load()) / took.Seconds(), int(total.Load()), err
}
