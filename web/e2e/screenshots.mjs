// Takes the pictures of the README from a real Keyport with the demo data:
// npm run screenshots.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { launchOptions } from './chromium.mjs';
import { signIn } from './pages.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const program = path.join(root, 'bin/keyport');
const shots = path.join(import.meta.dirname, 'shots');
const pages = [['keys', '/account/apikeys', 720], ['all-keys', '/configuration/apikeys', 980]];

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keyport-shots-'));
const env = { ...process.env, KEYPORT_DATA_DIR: path.join(folder, 'data'), KEYPORT_LISTEN: '127.0.0.1:0' };
const [, username, password] = /Sign in as (\S+) with the password (\S+)/.exec(execFileSync(program, ['demo'], { env, encoding: 'utf8' }));
const keyport = spawn(program, [], { env, stdio: ['ignore', 'pipe', 'ignore'] });
const browser = await chromium.launch(await launchOptions());
try {
  const baseURL = await address(keyport.stdout);
  fs.mkdirSync(shots, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    for (const [name, where, height] of pages) {
      const context = await browser.newContext({ baseURL, colorScheme, viewport: { width: 1280, height }, locale: 'en-GB', timezoneId: 'Europe/Stockholm' });
      const page = await context.newPage();
      await signIn(page, { username, password });
      await page.goto(where);
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: path.join(shots, `${name}-${colorScheme}.png`) });
      await context.close();
    }
  }
} finally {
  await browser.close();
  keyport.kill('SIGTERM');
  await new Promise(ended => keyport.on('exit', ended));
  fs.rmSync(folder, { recursive: true });
}

// address waits until Keyport says where it listens.
async function address(output) {
  let text = '';
  for await (const chunk of output) {
    text += chunk;
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
    if (found) return found[0];
  }
  throw new Error(`Keyport did not start: ${text}`);
}
