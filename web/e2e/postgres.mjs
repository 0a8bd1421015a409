// Databases of their own for the tests, in the PostgreSQL that
// TEST_DATABASE_URL names.
import { randomBytes } from 'node:crypto';
import pg from 'pg';

// createDatabase makes an empty database and returns its address.
export async function createDatabase() {
  const name = `keyport_e2e_${randomBytes(6).toString('hex')}`;
  await query(server(), `create database ${name}`);
  const url = new URL(server());
  url.pathname = `/${name}`;
  return url.href;
}

// dropDatabase removes what createDatabase made, whoever is still connected.
export async function dropDatabase(url) {
  await query(server(), `drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
}

// dump returns all that is stored in a database as text.
export async function dump(url) {
  return connected(url, async client => {
    const { rows: tables } = await client.query("select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')");
    const parts = [];
    for (const { name } of tables) {
      for (const { row } of (await client.query(`select t::text as row from ${name} t`)).rows) parts.push(row);
    }
    return parts.join('\n');
  });
}

// query runs one statement on a connection of its own.
export async function query(url, text, values = []) {
  return connected(url, async client => (await client.query(text, values)).rows);
}

async function connected(url, use) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function server() {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is not set. Run the tests by "npm run e2e", which starts a PostgreSQL.');
  return url;
}
