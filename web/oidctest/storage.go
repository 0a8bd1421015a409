package oidctest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

var (
	errUnknown     = errors.New("unknown")
	errUnsupported = errors.New("not supported")
)

// storage keeps all in memory. A mutex guards it, since browsers come at the
// same time.
type storage struct {
	mu       sync.Mutex
	issuer   string
	people   map[string]Person // by subject
	clients  map[string]Client
	requests map[string]*request
	codes    map[string]string // code: id of the request
	tokens   map[string]string // access token's id: subject
	handed   []string
	key      *rsa.PrivateKey
}

func newStorage(issuer string) *storage {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return &storage{issuer: issuer, key: key, people: map[string]Person{}, clients: map[string]Client{},
		requests: map[string]*request{}, codes: map[string]string{}, tokens: map[string]string{}}
}

// locked runs fn alone.
func (s *storage) locked(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

func (s *storage) setPerson(p Person) { s.locked(func() { s.people[p.Subject] = p }) }
func (s *storage) setClient(c Client) { s.locked(func() { s.clients[c.ID] = c }) }

func (s *storage) given() (all []string) {
	s.locked(func() { all = append(all, s.handed...) })
	return all
}

func (s *storage) passwordOf(username string) (password string) {
	s.locked(func() {
		for _, p := range s.people {
			if p.Username == username {
				password = p.Password
			}
		}
	})
	return password
}

// recognise notes who signs in, if name and password are right.
func (s *storage) recognise(id, username, password string) (known bool) {
	s.locked(func() {
		for _, p := range s.people {
			if r := s.requests[id]; r != nil && p.Username == username && p.Password == password {
				r.subject, r.at, known = p.Subject, time.Now(), true
			}
		}
	})
	return known
}

func (s *storage) CreateAuthRequest(_ context.Context, r *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	made := &request{id: rand.Text(), asked: *r}
	s.locked(func() { s.requests[made.id] = made })
	return made, nil
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (found op.AuthRequest, err error) {
	err = errUnknown
	s.locked(func() {
		if r := s.requests[id]; r != nil {
			found, err = *r, nil
		}
	})
	return found, err
}

func (s *storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	var id string
	s.locked(func() { id = s.codes[code] })
	return s.AuthRequestByID(ctx, id)
}

func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.locked(func() { s.codes[code], s.handed = id, append(s.handed, code) })
	return nil
}

func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.locked(func() { delete(s.requests, id) })
	return nil
}

func (s *storage) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	id := rand.Text()
	s.locked(func() { s.tokens[id], s.handed = r.GetSubject(), append(s.handed, id) })
	return id, time.Now().Add(5 * time.Minute), nil
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (found op.Client, err error) {
	err = errUnknown
	s.locked(func() {
		if c, ok := s.clients[id]; ok {
			found, err = client{c}, nil
		}
	})
	return found, err
}

func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) (err error) {
	s.locked(func() {
		if c := s.clients[id]; c.Secret == "" || c.Secret != secret {
			err = errUnknown
		}
	})
	return err
}

func (s *storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromRequest says in the ID token what the scopes ask for.
func (s *storage) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, scopes []string) error {
	return s.describe(info, r.GetSubject(), scopes)
}

func (s *storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, tokenID, _, _ string) error {
	var subject string
	s.locked(func() { subject = s.tokens[tokenID] })
	return s.describe(info, subject, []string{"email", "profile"})
}

func (s *storage) describe(info *oidc.UserInfo, subject string, scopes []string) error {
	var p Person
	s.locked(func() { p = s.people[subject] })
	if p.Subject == "" {
		return errUnknown
	}
	info.Subject = p.Subject
	for _, scope := range scopes {
		switch scope {
		case "email":
			info.Email, info.EmailVerified = p.Email, oidc.Bool(!p.Unverified && p.Email != "")
		case "profile":
			info.Name, info.PreferredUsername = p.Name, p.Username
			if p.Groups != nil {
				info.AppendClaims("groups", p.Groups)
			}
		}
	}
	return nil
}

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return signingKey{s.key}, nil }
func (s *storage) KeySet(context.Context) ([]op.Key, error)          { return []op.Key{publicKey{s.key}}, nil }
func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}
func (s *storage) Health(context.Context) error { return nil }

// What follows belongs to parts of the standard that Keyport does not use.

func (s *storage) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errUnsupported
}
func (s *storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, errUnsupported
}
func (s *storage) TerminateSession(context.Context, string, string) error { return errUnsupported }
func (s *storage) RevokeToken(context.Context, string, string, string) *oidc.Error {
	return oidc.ErrServerError()
}
func (s *storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}
func (s *storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errUnsupported
}
func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}
func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnsupported
}
func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errUnsupported
}
