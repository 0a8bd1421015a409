package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// errNoTrust is what an exchange fails with, whatever is missing: whoever asks
// learns nothing of which accounts and identities there are. The caller words
// it.
var errNoTrust = models.Denied("No active service account trusts this token.")

// TrustsSubject reports by a nil error that an active service account has an
// identity for what a token claims. It is asked before the token's signature is
// checked, so that nobody can make Keyport call an issuer that no administrator
// has named.
func (s *Store) TrustsSubject(ctx context.Context, externalID string, claims models.SubjectClaims) error {
	db := s.read.WithContext(ctx)
	account, err := accountOf(db, externalID)
	if err != nil {
		return s.failure("trusts subject", err)
	}
	_, err = identityFor(db, account.ID, externalID, claims)
	return s.failure("trusts subject", err)
}

// ExchangeToken gives an access token to whoever has proved these claims, by a
// signature that the caller has checked. server is the address of this server.
func (s *Store) ExchangeToken(ctx context.Context, externalID, server string, claims models.SubjectClaims) (string, models.AccessToken, error) {
	signer, err := s.signer(ctx)
	if err != nil {
		return "", models.AccessToken{}, s.failure("exchange token", err)
	}
	var token models.AccessToken
	err = s.inTx(ctx, "exchange token", func(t *tx) error {
		token, err = t.giveToken(externalID, claims)
		return err
	})
	if err != nil {
		return "", models.AccessToken{}, err
	}
	text, err := signer.Sign(token, server)
	return text, token, s.failure("exchange token", err)
}

// giveToken decides once more, on what is true now, and notes it.
func (t *tx) giveToken(externalID string, claims models.SubjectClaims) (models.AccessToken, error) {
	account, err := accountOf(t.db, externalID)
	if err == nil {
		account, err = t.lockUser(account.ID)
	}
	switch {
	case models.KindOf(err) == models.NotFound, err == nil && !account.IsActive:
		return models.AccessToken{}, errNoTrust
	case err != nil:
		return models.AccessToken{}, err
	}
	identity, err := identityFor(t.db.Clauses(forShare), account.ID, externalID, claims)
	if err != nil {
		return models.AccessToken{}, err
	}
	id := account.ID
	words := new(message).user(account).text(" was given an access token by OIDC identity ").document(`"`+identity.Name+`"`, identity.PublicID()).
		text(", for the subject " + fact(claims.Subject) + " of " + claims.Issuer)
	err = t.record(nil, models.Event{Category: models.LoginSucceeded, UserID: &id, Username: account.Username, IsService: true,
		IdentifiedBy: "OIDC identity '" + identity.Name + "'", DocumentType: models.DocumentUsers, DocumentID: account.PublicID()}, words)
	return models.NewAccessToken(externalID, identity, t.now), err
}

// accountOf returns the active service account of an external id.
func accountOf(db *gorm.DB, externalID string) (models.User, error) {
	if !storable(externalID) {
		return models.User{}, errNoTrust
	}
	account, err := findUser(db, "users.id = (SELECT user_id FROM service_account_ids WHERE external_id = ?)", externalID)
	if models.KindOf(err) == models.NotFound || err == nil && !(account.IsActive && account.IsService) {
		return account, errNoTrust
	}
	return account, err
}

// identityFor returns the first identity of an account that trusts the claims.
func identityFor(db *gorm.DB, accountID int64, externalID string, claims models.SubjectClaims) (models.OIDCIdentity, error) {
	if !storable(claims.Issuer) {
		return models.OIDCIdentity{}, errNoTrust
	}
	var identities []models.OIDCIdentity
	err := db.Select(oidcIdentityColumns).Where("user_id = ? AND issuer = ?", accountID, claims.Issuer).Order("id").Find(&identities).Error
	if err != nil {
		return models.OIDCIdentity{}, err
	}
	for _, i := range identities {
		if i.Trusts(claims, externalID) {
			return i, nil
		}
	}
	return models.OIDCIdentity{}, errNoTrust
}

// AuthenticateToken returns the actor who presents an access token. Whatever is
// wrong with the token, the answer is the same; what we can't have signed is
// refused after asking the database for its key at the most.
func (s *Store) AuthenticateToken(ctx context.Context, presented, server string) (*models.Actor, error) {
	ctx, cancel := context.WithTimeout(ctx, authenticateTimeout)
	defer cancel()
	actor, err := s.tokenHolder(ctx, presented, server)
	switch {
	case err == nil:
		return actor, nil
	case models.KindOf(err) == models.Unauthenticated, models.KindOf(err) == models.NotFound, errors.Is(err, models.ErrLocked):
		return nil, models.Unauthorized()
	}
	refusal := noAnswer()
	refusal.Cause = err
	return nil, refusal
}

func (s *Store) tokenHolder(ctx context.Context, presented, server string) (*models.Actor, error) {
	keyID, ok := models.TokenKey(presented)
	if !ok {
		return nil, models.Unauthorized()
	}
	key, err := s.checkingKey(ctx, keyID)
	if err != nil {
		return nil, err
	}
	token, err := key.Read(presented, server, s.Now())
	if err != nil {
		return nil, models.Unauthorized()
	}
	db := s.read.WithContext(ctx)
	identity, err := tokenIdentity(db, token)
	if err != nil {
		return nil, err
	}
	user, err := findUser(db, "users.id = ?", identity.UserID)
	if err == nil && !user.IsActive {
		err = models.Unauthorized()
	}
	return &models.Actor{User: user, Via: models.ViaToken, Token: &token, IdentityName: identity.Name}, err
}

// tokenIdentity returns the identity that a token was given by, unless it was
// removed since, or trusts others now.
func tokenIdentity(db *gorm.DB, token models.AccessToken) (models.OIDCIdentity, error) {
	var identity models.OIDCIdentity
	err := db.Select(oidcIdentityColumns).Where("id = ? AND version = ?", token.IdentityID, token.Version).
		Where("user_id = (SELECT user_id FROM service_account_ids WHERE external_id = ?)", token.Account).Take(&identity).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return identity, models.Unauthorized()
	}
	return identity, err
}

// tokenActor checks in a transaction that the token of the call still counts.
func (t *tx) tokenActor(a *models.Actor) (*models.Actor, error) {
	a.Key = nil
	if a.Token == nil || !a.Token.Live(t.now) {
		return nil, models.Unauthorized()
	}
	identity, err := tokenIdentity(t.db.Clauses(forShare), *a.Token)
	switch {
	case err != nil:
		return nil, err
	case identity.UserID != a.User.ID:
		return nil, models.Unauthorized()
	}
	a.IdentityName = identity.Name
	return a, nil
}
