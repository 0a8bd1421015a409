// Package models holds Keyport's types and rules: what a key is, when it ends,
// who may do what, and how a refusal is worded.
//
// Nothing here touches a database, a request or a clock. Struct tags name GORM
// columns, but they are only strings: the package imports the standard library
// and nothing else (web/imports_test.go holds that), so that every rule can be
// tested with plain values and a `now` passed in.
//
// Words, the same in code, page, API, log and documentation:
//
//	API key      a credential of a user; never "token" (that is the OIDC exchange)
//	secret       the text of a key, known only to its holder; stored as a digest
//	digest       HMAC-SHA-256 of a secret under the pepper; never "hash" in code
//	hint         prefix and first three characters of a secret, for recognising it
//	purpose      what a key is for, in its owner's words; never "name"
//	expires      the first instant at which a key is refused
//	revoke       to end a key for good; never "delete" or "disable"
//	person       a user who signs in; service account: a user who can't
//	owner        the user a key belongs to
//	team         users who share permissions; owner team: the one that looks after
//	             the keys of a service account
//	identity     OIDC identity: whose tokens a service account trusts; a job
//	             elsewhere exchanges such a token for an access token, by which it
//	             acts as the account
//	service      an API that accepts keys; keys can be limited to some by name
//	actor        who is asking, and by which credential
package models
