//go:build unix

package storetest

import (
	"strconv"
	"strings"
	"time"
)

// Needle is the purpose of one key among many.
const Needle = "Needle in the haystack"

// usersOfMany is one user for so many keys.
const usersOfMany = 200

// FillAllKeys adds n keys and n/200 users to own them, quickly and always the
// same ones, as a company has them after a while: two fifths of the keys are
// usable, a tenth is revoked, a third was never used; each tenth user is a
// service account, and those have most of the keys. One key is called Needle.
// PostgreSQL then looks at its tables, which a running server does by itself.
func (f *Fixture) FillAllKeys(n int) {
	f.t.Helper()
	sql := fillPostgres
	if f.Engine == SQLite {
		sql = fillSQLite
	}
	users := max(10, n/usersOfMany)
	first := f.Count("SELECT max(id) + 1 FROM users")
	now := strconv.FormatInt(f.Store.Now().UnixMicro(), 10)
	step := strconv.FormatInt((400*24*time.Hour).Microseconds()/int64(n), 10) // made over 400 days
	words := strings.NewReplacer("{n}", strconv.Itoa(n), "{users}", strconv.Itoa(users), "{services}", strconv.Itoa(max(1, users/10)),
		"{first}", strconv.Itoa(first), "{now}", now, "{step}", step, "{needle}", Needle)
	for _, statement := range sql {
		f.Exec(words.Replace(strings.Replace(statement, "{shape}", keyShape, 1)))
	}
}

// keyShape works out the facts of the n-th key from its number, with numbers of
// microseconds for times: for both databases.
const keyShape = `
	SELECT n, {now} - ({n} - n) * {step} - 1 AS made,
		CASE WHEN n % 10 < 6 THEN {first} + (n * 7919) % {services} ELSE {first} + (n * 104729 / 977) % {users} END AS owner,
		CASE (n * 31 / 7) % 10 WHEN 0 THEN 30 WHEN 1 THEN 30 WHEN 2 THEN 90 WHEN 3 THEN 90 WHEN 4 THEN 90 WHEN 9 THEN 366 ELSE 180 END * 86400000000 AS life,
		CASE WHEN n = {n} / 3 THEN '{needle}' ELSE
			CASE n % 8 WHEN 0 THEN 'Deploy' WHEN 1 THEN 'Backup' WHEN 2 THEN 'Nightly' WHEN 3 THEN 'Terraform' WHEN 4 THEN 'Release' WHEN 5 THEN 'Grafana' WHEN 6 THEN 'Import' ELSE 'Monitor' END
			|| CASE (n / 8) % 5 WHEN 0 THEN ' gate ' WHEN 1 THEN ' agent ' WHEN 2 THEN ' report ' WHEN 3 THEN ' pipeline ' ELSE ' worker ' END || CAST(n % 4999 AS TEXT) END AS purpose,
		CASE WHEN n % 3 > 0 THEN (n * 6700417) % 8640000 * 1000000 END AS idle,
		CASE WHEN n % 10 = 7 THEN (n * 613) % 86400 * 1000000 END AS late
	FROM numbers`

var fillSQLite = []string{
	`INSERT INTO users (id, username, username_fold, display_name, display_name_fold, email, email_fold, is_service, created_at)
		WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {users})
		SELECT {first} + n, 'user-' || n, 'user-' || n, 'User ' || n, 'user ' || n, 'user-' || n || '@example.com', 'user-' || n || '@example.com', n < {services}, {now} FROM numbers`,
	`INSERT INTO api_keys (id, user_id, purpose, purpose_fold, prefix, pepper_id, digest, seal, created_at, expires_at, last_used_at, last_used_ip, revoked_at)
		WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {n})
		SELECT 'apikeys-' || substr(lower(hex(randomblob(13))), 1, 25), owner, purpose, lower(purpose), 'API-' || substr('ABCDEFGHIJKLMNOP', 1 + n % 14, 3), 1, randomblob(32), randomblob(32),
			made, ((made + life) / 86400000000 + 1) * 86400000000, max({now} - idle, made), '192.0.2.1', min(made + late, {now})
		FROM ({shape}) AS shapes`,
}

// at makes a time of microseconds.
const at = "to_timestamp(CAST(({}) AS DOUBLE PRECISION) / 1000000)"

func toTime(expression string) string { return strings.Replace(at, "{}", expression, 1) }

var fillPostgres = []string{
	`INSERT INTO users (id, username, username_fold, display_name, display_name_fold, email, email_fold, is_service, created_at)
		SELECT {first} + n, 'user-' || n, 'user-' || n, 'User ' || n, 'user ' || n, 'user-' || n || '@example.com', 'user-' || n || '@example.com', n < {services}, ` + toTime("{now}") + `
		FROM generate_series(CAST(0 AS BIGINT), {users} - 1) AS numbers(n)`,
	"DROP INDEX api_keys_purpose_pieces", // building it anew is much faster than growing it
	`INSERT INTO api_keys (id, user_id, purpose, purpose_fold, prefix, pepper_id, digest, seal, created_at, expires_at, last_used_at, last_used_ip, revoked_at)
		SELECT 'apikeys-' || substr(md5(CAST(n AS TEXT)), 1, 25), owner, purpose, lower(purpose), 'API-' || substr('ABCDEFGHIJKLMNOP', CAST(1 + n % 14 AS INT), 3), 1,
			sha256(convert_to(CAST(n AS TEXT), 'UTF8')), sha256(''), ` + toTime("made") + `, ` + toTime("((made + life) / 86400000000 + 1) * 86400000000") + `,
			CASE WHEN idle IS NOT NULL THEN ` + toTime("greatest({now} - idle, made)") + ` END, '192.0.2.1',
			CASE WHEN late IS NOT NULL THEN ` + toTime("least(made + late, {now})") + ` END
		FROM (WITH numbers AS (SELECT generate_series(CAST(1 AS BIGINT), {n}) AS n) {shape}) AS shapes`,
	"CREATE INDEX api_keys_purpose_pieces ON api_keys USING gin (keyport_pieces(purpose_fold))",
	"VACUUM ANALYZE",
}
