// A real Keyport for one test: the program as built, on a free port of the
// loopback interface, with a data folder and a database of its own.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createDatabase, dropDatabase, dump, query } from './postgres.mjs';
import { root } from './run.mjs';
import { Provider, clientSecret } from './provider.mjs';

const binary = path.resolve(import.meta.dirname, '../../bin/keyport');

// The administrator that most tests sign in as.
export const maya = { username: 'maya', password: 'violet anchors drift at dusk', email: 'maya.lindqvist@example.com' };

export class Keyport {
  secrets = new Set(); // texts that must not be found in the log or the database
  stdout = '';
  log = '';

  // start runs the program until it is ready. engine is "sqlite" or "postgres";
  // without an administrator it waits for its set-up link to be used. With
  // people, there is an OpenID provider at which they can log in. Browsers have
  // passkeys for the host localhost, and none for a bare address.
  static async start({ engine = 'sqlite', admin = maya, env = {}, people, host = '127.0.0.1' } = {}) {
    const k = new Keyport();
    k.engine = engine;
    k.data = await fs.promises.mkdtemp(path.join(os.tmpdir(), 'keyport-e2e-'));
    k.database = engine === 'postgres' ? await createDatabase() : `sqlite:${path.join(k.data, 'keyport.db')}`;
    k.port = await freePort();
    k.url = `http://${host}:${k.port}`;
    if (people) k.provider = await Provider.start({ keyport: k.url, people });
    k.env = { ...inherited(), ...k.settings(), ...k.provider?.settings(), ...unattended(admin), ...env };
    if (admin) k.secrets.add(admin.password);
    if (people) k.secrets.add(clientSecret);
    k.process = spawn(binary, [], { cwd: k.data, env: k.env, stdio: ['ignore', 'pipe', 'pipe'] });
    k.ended = new Promise(resolve => k.process.on('close', (code, signal) => resolve(code ?? signal)));
    k.process.stdout.on('data', chunk => { k.stdout += chunk; });
    k.process.stderr.on('data', chunk => { k.log += chunk; });
    await k.ready();
    return k;
  }

  settings() {
    return {
      KEYPORT_LISTEN: `127.0.0.1:${this.port}`,
      KEYPORT_PUBLIC_URL: this.url,
      KEYPORT_DATA_DIR: this.data,
      KEYPORT_DATABASE_URL: this.database,
      KEYPORT_LOG: 'json',
    };
  }

  async ready() {
    const over = this.ended.then(code => { throw new Error(`keyport ended with ${code} before it was ready:\n${this.stdout}${this.log}`); });
    over.catch(() => {}); // it is expected to end, later
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
      const answer = await Promise.race([over, fetch(`${this.url}/readyz`).catch(() => null)]);
      if (answer?.ok) return;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    throw new Error(`keyport was not ready within 20 s:\n${this.stdout}${this.log}`);
  }

  // stop asks the program to end and returns how it did: an exit code, or what
  // had to be done to it after ten seconds.
  async stop() {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
    const result = await this.ended;
    clearTimeout(timer);
    return result;
  }

  // remove throws away all that the program stored.
  async remove() {
    await this.provider?.stop();
    if (this.engine === 'postgres') await dropDatabase(this.database);
    await fs.promises.rm(this.data, { recursive: true, force: true });
  }

  // run runs a subcommand beside the server and returns its standard output.
  async run(args, input = '') {
    const running = promisify(execFile)(binary, args, { cwd: this.data, env: this.env });
    running.child.stdin.on('error', () => {}); // a command that reads nothing may have ended already
    running.child.stdin.end(input);
    const { stdout, stderr } = await running;
    this.log += stderr;
    return stdout.trim();
  }

  // ageSignIns lets everybody have signed in so many minutes earlier.
  ageSignIns(minutes) {
    return this.past('sessions', { signed_in_at: minutes });
  }

  // past lets the times of all rows of a table be so many minutes earlier.
  async past(table, minutes) {
    const earlier = this.engine === 'postgres' ? n => `make_interval(mins => ${n})` : n => n * 60_000_000;
    const statement = `UPDATE ${table} SET ${Object.entries(minutes).map(([column, n]) => `${column} = ${column} - ${earlier(n)}`)}`;
    if (this.engine === 'postgres') {
      await query(this.database, statement);
      return;
    }
    await promisify(execFile)('go', ['run', './web/e2e/sql', this.database, statement], { cwd: root, env: { ...this.env, CGO_ENABLED: '0' } });
  }

  // person creates somebody who may sign in, but not configure anything.
  async person({ username, password }) {
    this.keep(password);
    await this.run(['user', 'create', '--username', username], `${password}\n`);
  }

  // apiKey makes a key on the command line, as an administrator of the machine
  // would.
  async apiKey(username, purpose, ...args) {
    return this.keep(await this.run(['apikey', 'create', '--user', username, '--purpose', purpose, ...args]));
  }

  // keep remembers a secret, so that the end of the test looks for it where it
  // must not be.
  keep(secret) {
    this.secrets.add(secret);
    return secret;
  }

  // api calls the REST API with a key and returns status and JSON.
  async api(method, url, { key, bearer, body } = {}) {
    const headers = { accept: 'application/json' };
    if (key) headers['X-Octopus-ApiKey'] = key;
    if (bearer) headers.Authorization = `Bearer ${bearer}`;
    if (body) headers['Content-Type'] = 'application/json';
    const answer = await fetch(this.url + url, { method, headers, body: body && JSON.stringify(body) });
    return { status: answer.status, body: await answer.json() };
  }

  // keysOf lists all keys of the user whom a key belongs to, newest first.
  async keysOf(key) {
    const me = await this.api('GET', '/api/users/me', { key });
    const list = await this.api('GET', `/api/users/${me.body.Id}/apikeys?take=1000`, { key });
    return list.body.Items;
  }

  // leaks names the places in which a secret, or eight characters of an API key
  // in a row, can be read after the program has ended.
  async leaks() {
    const places = { 'standard output': this.stdout, log: this.log };
    for (const name of await fs.promises.readdir(this.data)) {
      const file = path.join(this.data, name);
      if (fs.statSync(file).isFile()) places[name] = (await fs.promises.readFile(file)).toString('latin1');
    }
    if (this.engine === 'postgres') places.database = await dump(this.database);
    const found = [];
    for (const [place, text] of Object.entries(places)) {
      for (const secret of this.secrets) {
        if (pieces(secret).some(piece => text.includes(piece) || text.includes(Buffer.from(piece).toString('hex')))) found.push(place);
      }
    }
    return found;
  }
}

function pieces(secret) {
  if (!/^API-[A-Z0-9]{26}$/.test(secret)) return [secret];
  return Array.from({ length: 26 - 8 + 1 }, (_, i) => secret.slice(4 + i, 12 + i));
}

function unattended(admin) {
  if (!admin) return {};
  return { KEYPORT_ADMIN_USERNAME: admin.username, KEYPORT_ADMIN_PASSWORD: admin.password, KEYPORT_ADMIN_EMAIL: admin.email };
}

// inherited is this process's environment without anything that configures
// Keyport, so that a developer's own settings can't reach the tests.
function inherited() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KEYPORT_')));
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
