// Runs every check that Keyport has, on a machine that has Go and Node and
// nothing else: npm test. With --fast (npm run check) it leaves out the race
// detector and the browser; with --browser (npm run e2e) it runs the browser
// tests alone and hands them the arguments that follow; with --clients it runs
// the tests of Octopus's Go client alone, with --proxies those of the recipes for
// proxies, with --traefik (npm run test:traefik) that for Traefik.
//
// It must start before anything is installed, so it uses Node's own modules
// only.
import fs from 'node:fs';
import path from 'node:path';
import { compilerReady, modulesReady, proxiesReady } from './machine.mjs';
import { goTests, playwrightTests } from './results.mjs';
import { Failure, root, run } from './run.mjs';
import { traefikReady, traefikTests } from './traefik.mjs';

const portable = { CGO_ENABLED: '0' }; // as the program is shipped
const database = ['go', 'run', './models/store/storetest/pgrun']; // a PostgreSQL around a command

const modules = ['Node modules', modulesReady];
const checks = [
  ['Generated files are fresh', generated],
  ['gofmt', formatted],
  ['go vet', () => run(['go', 'vet', '-tags=proxies', './...'], portable)],
  ['staticcheck', () => run(['go', 'tool', '-modfile=web/e2e/tools.mod', 'staticcheck', '-tags=proxies', './...'], portable)],
];
const build = ['Build without cgo', () => run(['go', 'build', '-o', 'bin/', './cmd/keyport', './web/e2e/provider'], portable)];
const goClient = ["Octopus's Go client on SQLite and PostgreSQL", goClientTests];
const proxies = ['nginx, Caddy, HAProxy and Apache', proxyTests];
const builtTraefik = ['A Traefik, built if there is none', traefikReady];
const browser = ['Browser tests on SQLite and PostgreSQL', browserTests];

const plans = {
  '--all': [modules, ['C compiler for the race detector', compilerReady], ...checks, build,
    ['Go tests, shuffled', () => goSuite([], portable)], ['Races', races], proxies, goClient, browser],
  '--fast': [modules, ...checks, ['Go tests, shuffled', () => goSuite([], portable)]],
  '--browser': [modules, build, browser],
  '--clients': [modules, build, goClient],
  '--proxies': [proxies],
  '--traefik': [builtTraefik, ['Traefik', traefikTests]],
};

// Without these the later steps could only fail for the same reason again.
const prerequisites = new Set(['Node modules', 'C compiler for the race detector', 'Build without cgo', builtTraefik[0]]);

const [mode = '--all', ...extra] = process.argv.slice(2);
if (!plans[mode]) {
  console.error(`Unknown mode ${mode}. Use one of ${Object.keys(plans).join(', ')}.`);
  process.exit(2);
}
process.exitCode = await perform(plans[mode]) ? 0 : 1;

// perform runs a plan, one line for each step, and ends with the one line that
// says how much passed and how much failed.
async function perform(plan) {
  const total = { passed: 0, failed: 0, skipped: [] };
  const started = Date.now();
  for (const [name, step] of plan) {
    const ok = await timed(name, step, total);
    if (!ok && prerequisites.has(name)) break;
  }
  for (const test of total.skipped) console.log(`skipped: ${test}`);
  console.log(`\n${seconds(started)} in all`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0;
}

// timed runs one step. A step of tests counts its tests, any other counts as
// one check.
async function timed(name, step, total) {
  const started = Date.now();
  process.stdout.write(name.padEnd(48));
  let result;
  try {
    result = (await step())?.counts ?? { passed: 1, failed: 0 };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    result = error.counts ?? { passed: 0, failed: 1 };
    console.log(`${seconds(started)}  failed`);
    console.log(`\n${error.message.trimEnd()}\n`);
  }
  if (!result.failed) console.log(`${seconds(started)}  ok${result.passed > 1 ? `, ${result.passed} passed` : ''}`);
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped.push(...result.skipped ?? []);
  return result.failed === 0;
}

function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`.padStart(8);
}

// generated makes the generated files again and compares them with what was
// there, so that it judges uncommitted work too.
async function generated() {
  const before = generatedFiles();
  await run(['npm', 'run', '--silent', 'generate'], portable);
  const after = generatedFiles();
  const stale = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(file => before[file] !== after[file]);
  if (stale.length) throw new Failure(`These generated files were out of date. They have been made again: look at them and commit them.\n${stale.join('\n')}`);
}

function generatedFiles() {
  const files = {};
  for (const folder of ['views', 'static/dist']) {
    for (const name of fs.readdirSync(path.join(root, folder), { recursive: true })) {
      const file = path.join(folder, name);
      if (folder === 'views' && !name.endsWith('_templ.go')) continue;
      if (fs.statSync(path.join(root, file)).isFile()) files[file] = fs.readFileSync(path.join(root, file), 'base64');
    }
  }
  return files;
}

async function formatted() {
  const folders = ['cmd', 'handlers', 'models', 'static', 'views', 'web'];
  const { output } = await run(['gofmt', '-l', ...folders]);
  if (output.trim()) throw new Failure(`These files are not formatted. Run gofmt -w on them.\n${output}`);
}

// races runs what several goroutines or replicas do to each other under the race
// detector. The rest is one request after the other, and would only take
// four times as long.
function races() {
  const concurrent = '(AtOnce|Together|Race|Replica|RevokeMany|Seen)';
  return goTests([...database, 'go', 'test', '-json', '-race', '-timeout=20m', `-run=${concurrent}`, './models/store'], { CGO_ENABLED: '1' });
}

function goSuite(flags, env) {
  return goTests([...database, 'go', 'test', '-json', '-shuffle=on', '-timeout=20m', ...flags, './...'], env);
}

function goClientTests() {
  return goTests([...database, 'node', 'web/e2e/octopus-client.mjs'], portable);
}

async function proxyTests() {
  await proxiesReady();
  return goTests(['go', 'test', '-json', '-tags=proxies', './web/proxytest'], portable);
}

function browserTests() {
  return playwrightTests([...database, 'node', 'node_modules/@playwright/test/cli.js', 'test', '--config=web/e2e/playwright.config.mjs', ...extra]);
}
