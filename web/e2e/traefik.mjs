// The recipe for Traefik, run with the real program: npm run test:traefik. Debian
// has no Traefik, so this builds one from its Go module, once. That takes about
// nine minutes of processor time and gigabytes of Go's caches, too much for npm test.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { goTests } from './results.mjs';
import { execute, root, run } from './run.mjs';

const version = '3.6.12';
const module = 'github.com/traefik/traefik/v3';
const folder = path.join(root, 'bin', `traefik-${version}`);
const binary = path.join(folder, 'traefik');
const portable = { CGO_ENABLED: '0' };

// traefikReady sees to it that there is a Traefik: one in the path, of whatever
// version, or the one that was built here.
export async function traefikReady() {
  if (await inPath() || fs.existsSync(binary)) return;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'keyport-traefik-'));
  try {
    await build(await source(path.join(dir, 'source')));
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

async function inPath() {
  return (await execute(['sh', '-c', 'command -v traefik'])).code === 0;
}

// source copies the module to a place where it can be written to, and gives it
// the page that the program embeds: the module comes without its dashboard.
async function source(copy) {
  const { output } = await run(['go', 'mod', 'download', '-json', `${module}@v${version}`]);
  await run(['cp', '-R', JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)).Dir, copy]);
  await run(['chmod', '-R', 'u+w', copy]);
  fs.mkdirSync(path.join(copy, 'webui/static'), { recursive: true });
  fs.writeFileSync(path.join(copy, 'webui/static/index.html'), '');
  return copy;
}

// build puts the program into its folder in one go, so that what is there is
// whole.
async function build(copy) {
  const flags = `-s -w -X ${module}/pkg/version.Version=${version}`;
  await run(['go', '-C', copy, 'build', '-ldflags', flags, '-o', `${binary}.new`, './cmd/traefik'], portable);
  fs.renameSync(`${binary}.new`, binary);
}

// traefikTests runs the tests of proxies for Traefik alone. Only those of Traefik
// count: the tests around them pass without it, too.
export function traefikTests() {
  const found = { PATH: `${process.env.PATH}${path.delimiter}${folder}` };
  const command = ['go', 'test', '-json', '-tags=proxies', '-count=1', '-run=^TestProxies.*/^Traefik$', './web/proxytest'];
  return goTests(command, { ...portable, ...found }, name => name.includes('/Traefik'));
}
