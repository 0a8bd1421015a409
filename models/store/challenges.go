package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// Challenge is what a browser needs to use or make a passkey: the options for
// the browser, and a token that comes back with the answer. The token is the
// challenge, locked: asking for one costs no row, so that strangers can't fill
// the database.
type Challenge struct {
	Token   string `json:"token"`
	Options any    `json:"options"`
}

// Answer is what comes back.
type Answer struct {
	Token    string
	Response string // JSON of the browser's credential
}

// challengeLife is how long a challenge may be answered.
const challengeLife = 5 * time.Minute

// What a challenge is for. The answer to one is no answer to another.
const (
	ceremonyMake   = "make"
	ceremonySignIn = "sign in"
	ceremonySecond = "second step"
	ceremonyAgain  = "confirm"
)

type lockedChallenge struct {
	Data   webauthn.SessionData
	EndsAt time.Time
}

func challengePlace(ceremony string, userID int64) models.Place {
	return models.Place{Table: "browser", Column: "passkey, " + ceremony, Row: strconv.FormatInt(userID, 10)}
}

func (s *Store) challenge(ceremony string, userID int64, data *webauthn.SessionData, options any) (Challenge, error) {
	text, err := json.Marshal(lockedChallenge{*data, s.Now().Add(challengeLife)})
	if err != nil {
		return Challenge{}, err
	}
	locked := s.keyring.Lock(text, challengePlace(ceremony, userID))
	return Challenge{base64.RawURLEncoding.EncodeToString(locked), options}, nil
}

func (s *Store) openChallenge(ceremony string, userID int64, answer Answer) (*webauthn.SessionData, error) {
	var c lockedChallenge
	if err := s.unlock(answer.Token, challengePlace(ceremony, userID), &c); err != nil || !s.Now().Before(c.EndsAt) {
		return nil, models.InvalidField("Passkey", "That took too long. Try again.")
	}
	return &c.Data, nil
}

// useChallenge refuses a challenge that was answered before, by anybody.
func (s *Store) useChallenge(ctx context.Context, data *webauthn.SessionData) error {
	digest := sha256.Sum256([]byte(data.Challenge))
	err := s.write.WithContext(ctx).Create(&answeredChallenge{digest[:], s.Now().Add(challengeLife)}).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return badPasskey(errors.New("the challenge was answered before"))
	}
	return err
}
