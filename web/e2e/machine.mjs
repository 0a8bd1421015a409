// What a fresh machine lacks: the Node modules, a C compiler for Go's race
// detector (the program itself needs none), and the proxies whose recipes are
// tested.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure, execute, root, run } from './run.mjs';

// modulesReady installs the modules of package-lock.json, if they are not there
// already.
export async function modulesReady() {
  if (!stale()) return;
  await run(['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

// stale compares what is locked with what npm noted when it last installed.
// Modules for other systems are locked too, but never installed.
function stale() {
  const installed = packages('node_modules/.package-lock.json');
  if (!installed) return true;
  const locked = packages('package-lock.json');
  return Object.entries(locked).some(([name, wanted]) => {
    if (name === '' || (wanted.optional && !installed[name])) return false;
    return installed[name]?.integrity !== wanted.integrity || !fs.existsSync(path.join(root, name, 'package.json'));
  });
}

function packages(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

// compilerReady sees to it that a C program can be compiled and linked.
export async function compilerReady() {
  if (await compiles()) return;
  await install(['gcc', 'libc6-dev']);
  if (await compiles()) return;
  throw new Failure("Go's race detector needs a C compiler and there is none. Install gcc and the C library's headers (on Debian: apt install gcc libc6-dev), or run the tests without it by npm run check.");
}

// What web/proxytest runs, where Debian puts it, and the package it is in.
// Apache's package apache2 would only add the service.
const proxies = {
  '/usr/sbin/nginx': 'nginx', '/usr/bin/caddy': 'caddy', '/usr/sbin/haproxy': 'haproxy',
  '/usr/sbin/apache2': 'apache2-bin', '/usr/share/lua/5.3/socket.lua': 'lua-socket',
};

// proxiesReady sees to it that the proxies are there.
export async function proxiesReady() {
  if (missingProxies().length) await install(missingProxies());
  const missing = missingProxies();
  if (missing.length) throw new Failure(`The recipes for proxies are tested with the real programs. Install what is missing (on Debian: apt install --no-install-recommends ${missing.join(' ')}), or leave those tests out by npm run check.`);
}

function missingProxies() {
  return Object.keys(proxies).filter(file => !fs.existsSync(file)).map(file => proxies[file]);
}

// install gets Debian's packages, where that can be done without asking. The
// services among them are not started: tests start programs themselves.
async function install(packages) {
  if (process.getuid?.() !== 0 || (await execute(['sh', '-c', 'command -v apt-get'])).code !== 0) return;
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  const policy = '/usr/sbin/policy-rc.d'; // Debian asks it before it starts a service
  const ours = !fs.existsSync(policy);
  if (ours) fs.writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await run(['apt-get', 'update', '-qq'], quiet);
    await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages], quiet);
  } finally {
    if (ours) fs.rmSync(policy);
  }
}

async function compiles() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'keyport-cc-'));
  try {
    fs.writeFileSync(path.join(dir, 'a.c'), '#include <stdlib.h>\n#include <pthread.h>\nint main(void) { return EXIT_SUCCESS; }\n');
    const { output } = await run(['go', 'env', 'CC']);
    return (await execute([...output.trim().split(' '), '-o', path.join(dir, 'a'), path.join(dir, 'a.c')])).code === 0;
  } catch (error) {
    if (error instanceof Failure && error.message.includes('ENOENT')) return false;
    throw error;
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}
