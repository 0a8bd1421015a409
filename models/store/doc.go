// Package store keeps Keyport's users, keys, sessions, settings and events in
// SQLite or PostgreSQL. It is the only package that knows GORM.
//
// Each exported method of [Store] is one operation of the portal: it decides
// whether the actor of the context may, asks the rules of package models, and
// writes the change and the event that tells of it in one transaction. There
// is no HTTP, no HTML and no JSON of the REST API here, and no rule about keys:
// those live in models, where they can be tested without a database.
//
// What a caller sees is a *models.Error in words for people, or an error that
// wraps the database's own words, meant for the log only.
package store
