// Takes the pictures of the README from a real Keyport: npm run screenshots.
// The keys are made over the REST API as anybody would; then they are aged in
// the database, because a list of keys that were all made a moment ago shows
// little of what the list is for.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { launchOptions } from './chromium.mjs';
import { Keyport, maya } from './keyport.mjs';
import { query } from './postgres.mjs';
import { signIn } from './pages.mjs';

const day = 24 * 3600_000;
const shots = path.join(import.meta.dirname, 'shots');

// purpose, days since it was made, days until it ends, hours since it was used
// and from where
const keys = [
  ['Laptop scripts', 82, 8, 70, '192.168.12.40'],
  ['Terraform provider', 164, 16, 2, '10.20.4.31'],
  ['Migration to the new build farm', 3, 27],
  ['Nightly tenant report', 57, 33, 11, '10.20.7.2'],
  ['Release pipeline', 24, 156, 0.07, '10.20.4.17'],
  ['Grafana annotations', 11, 355, 26, '10.20.9.88'],
];

// endOfDay is the end of the day in UTC, at which a chosen date ends.
const endOfDay = days => new Date(Math.floor(Date.now() / day + days + 1) * day);

async function fill(keyport) {
  const key = await keyport.apiKey(maya.username, 'Maker', '--expires', '366d');
  const { body: me } = await keyport.api('GET', '/api/users/me', { key });
  for (const [purpose, made, left, used, address] of keys) {
    const { status, body } = await keyport.api('POST', `/api/users/${me.Id}/apikeys`, { key, body: { Purpose: purpose, Expires: endOfDay(left) } });
    if (status !== 200) throw new Error(`${purpose}: ${body.ErrorMessage}`);
    await query(keyport.database, 'update api_keys set created_at = $1, last_used_at = $2, last_used_ip = $3 where id = $4',
      [new Date(Date.now() - made * day), used ? new Date(Date.now() - used * day / 24) : null, address ?? '', body.Id]);
  }
  await query(keyport.database, "delete from api_keys where purpose = 'Maker'");
  await query(keyport.database, "update users set display_name = 'Maya Lindqvist' where username = $1", [maya.username]);
}

const keyport = await Keyport.start({ engine: 'postgres' });
const browser = await chromium.launch(await launchOptions());
try {
  await fill(keyport);
  fs.mkdirSync(shots, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ baseURL: keyport.url, colorScheme, viewport: { width: 1280, height: 720 }, locale: 'en-GB', timezoneId: 'UTC' });
    const page = await context.newPage();
    await signIn(page, maya);
    await page.goto('/account/apikeys');
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: path.join(shots, `keys-${colorScheme}.png`) });
    await context.close();
  }
} finally {
  await browser.close();
  await keyport.stop();
  await keyport.remove();
}
