package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"sync"

	"modernc.org/sqlite"
)

// fileLookups are connections to an SQLite file that only look keys up, so that
// those who read at length, such as exports, keep nobody waiting who calls with
// a key. They use the driver without database/sql, which finds out for each column
// of each row what is to become of it, and would use a connection again whatever
// has happened to it.
type fileLookups struct {
	dsn    string
	turns  chan struct{} // one for each who looks up
	closed chan struct{}

	mu   sync.Mutex
	idle []*lookupConn // the one that was used last has at hand what the next call needs, so it comes first
}

// lookupConn is used by one goroutine at a time.
type lookupConn struct {
	driver.Conn
	statements map[*digestLookup]driver.StmtQueryContext
	args       []driver.NamedValue
	row        []driver.Value
}

func newFileLookups(dsn string) *fileLookups {
	return &fileLookups{dsn: dsn, turns: make(chan struct{}, max(4, runtime.GOMAXPROCS(0))), closed: make(chan struct{})}
}

// close waits for those who look up, and refuses those who come later.
func (l *fileLookups) close() (err error) {
	close(l.closed)
	for range cap(l.turns) {
		l.turns <- struct{}{}
	}
	for _, c := range l.idle {
		err = errors.Join(err, c.Close())
	}
	return err
}

// find reads the one row of a query, or returns sql.ErrNoRows. A connection on
// which anything else went wrong is not used again.
func (l *fileLookups) find(look *digestLookup, args, fields []any) error {
	select {
	case l.turns <- struct{}{}:
		defer func() { <-l.turns }()
	case <-l.closed:
		return sql.ErrConnDone
	}
	c, err := l.take()
	if err != nil {
		return err
	}
	switch err = c.findMapped(look, args, fields); {
	case err == nil || errors.Is(err, sql.ErrNoRows):
		l.putBack(c)
	case !errors.Is(err, errUnreadable):
		c.Close()
	}
	return err
}

// take returns a connection, a new one if there is none.
func (l *fileLookups) take() (c *lookupConn, err error) {
	l.mu.Lock()
	if last := len(l.idle) - 1; last >= 0 {
		c, l.idle = l.idle[last], l.idle[:last]
	}
	l.mu.Unlock()
	if c == nil {
		c, err = openLookup(l.dsn)
	}
	return c, err
}

func (l *fileLookups) putBack(c *lookupConn) {
	l.mu.Lock()
	l.idle = append(l.idle, c)
	l.mu.Unlock()
}

// lookupSettings are those of the connections. The file, up to its first
// gigabyte, is mapped into memory: to copy its pages took a third of the time of a
// look-up. What lies behind that is copied, and there is room for the inner pages
// of the tables and indexes of some million keys.
var lookupSettings = []string{"query_only(1)", "cache_size(-4096)", "mmap_size(1073741824)"}

func openLookup(dsn string) (*lookupConn, error) {
	conn, err := new(sqlite.Driver).Open(dsn)
	if err != nil {
		return nil, err
	}
	return &lookupConn{Conn: conn, statements: map[*digestLookup]driver.StmtQueryContext{}}, nil
}

// errUnreadable is a page that the system could not read where the file is mapped.
var errUnreadable = errors.New("a part of the database file can't be read")

// findMapped is find, and returns errUnreadable where the system would end the
// program: it has no other way to tell of a disk that fails under a mapped file.
// What the connection holds then is unknown, so it must be left alone.
func (c *lookupConn) findMapped(look *digestLookup, args, fields []any) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if _, fault := p.(interface{ Addr() uintptr }); !fault {
				panic(p)
			}
			err = errUnreadable
		}
	}()
	return c.find(look, args, fields)
}

// find reads without a context that may end: it reads a page or two of a file
// that is at hand, and to watch for an end would take as long.
func (c *lookupConn) find(look *digestLookup, args, fields []any) error {
	statement, err := c.prepared(look)
	if err != nil {
		return err
	}
	c.args = c.args[:0]
	for i, arg := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: arg})
	}
	rows, err := statement.QueryContext(context.Background(), c.args)
	if err != nil {
		return err
	}
	c.row = append(c.row[:0], make([]driver.Value, len(fields))...)
	err = rows.Next(c.row)
	if closed := rows.Close(); err == nil { // not deferred: after a fault nothing may touch the connection
		err = closed
	}
	if errors.Is(err, io.EOF) {
		return sql.ErrNoRows
	}
	if err != nil {
		return err
	}
	return assignRow(fields, c.row)
}

// prepared prepares a query at its first use: before the migrations there is no
// table to prepare it for.
func (c *lookupConn) prepared(look *digestLookup) (driver.StmtQueryContext, error) {
	if statement := c.statements[look]; statement != nil {
		return statement, nil
	}
	statement, err := c.Prepare(look.query)
	if err != nil {
		return nil, err
	}
	c.statements[look] = statement.(driver.StmtQueryContext)
	return c.statements[look], nil
}
