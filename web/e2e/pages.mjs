// What people do on Keyport's pages, in the words they read there. Everything
// is found by role and label; everything but the clipboard works without
// JavaScript, so the same steps serve both kinds of tests.
import { expect } from '@playwright/test';

// signIn signs in without showing the form, which sign-in.spec.mjs looks at:
// most tests begin with it, and a page takes a browser half a second.
export async function signIn(page, { username, password }) {
  const answer = await page.request.post('/sign-in', { form: { username, password }, maxRedirects: 0 });
  expect(answer.status(), 'status of the sign-in').toBe(303);
  await page.goto('/account/apikeys');
  await expect(heading(page, 'My API Keys')).toBeVisible();
}

// signInByForm signs in as people do.
export async function signInByForm(page, { username, password }) {
  await page.goto('/sign-in');
  await fillSignIn(page, { username, password });
  await expect(heading(page, 'My API Keys')).toBeVisible();
}

export async function fillSignIn(page, { username, password }) {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

// menu opens the menu behind the profile image and returns it.
export async function menu(page) {
  await page.getByRole('button', { name: /profile menu/ }).click();
  const list = page.locator('#profile-menu');
  await expect(list).toBeVisible();
  return list;
}

export async function signOut(page) {
  await (await menu(page)).getByRole('button', { name: 'Sign out' }).click();
  await expect(heading(page, 'Sign in to Keyport')).toBeVisible();
}

// openNewKey goes to the form New API key by the list.
export async function openNewKey(page) {
  await page.goto('/account/apikeys');
  await page.getByRole('link', { name: 'New API key' }).first().click();
  await expect(heading(page, 'New API key')).toBeVisible();
}

// preset and customDate are the choices of the form.
export const preset = (page, days) => page.getByRole('radio', { name: new RegExp(`^${days} days?\\b`) });
export const customDate = page => page.getByRole('radio', { name: /^Custom date/ });

// chooseCustomDate clicks the words, which is where people click.
export const chooseCustomDate = page => page.locator('label').filter({ hasText: 'Custom date' }).click();

// fillNewKey fills the form: with days for a preset, date for a custom date,
// neither for what the form proposes.
export async function fillNewKey(page, { purpose, days, date }) {
  await page.getByLabel('Purpose').fill(purpose);
  if (days) await preset(page, days).check();
  if (date) {
    await chooseCustomDate(page);
    await page.getByLabel('Expiry date').fill(date);
  }
}

export const generate = page => page.getByRole('button', { name: 'Generate new' }).click();

// revealed returns the key that the page shows, once.
export async function revealed(page, keyport) {
  await expect(heading(page, 'Copy your new key now')).toBeVisible();
  const shown = page.getByRole('code').filter({ hasText: /^API-[0-9A-Z]{26}$/ });
  return keyport.keep(await shown.textContent());
}

// newKey makes a key and stays on the page that reveals it.
export async function newKey(page, keyport, wish) {
  await openNewKey(page);
  await fillNewKey(page, wish);
  await generate(page);
  return revealed(page, keyport);
}

export const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });
export const row = (page, purpose) => page.getByRole('row').filter({ hasText: purpose });
export const summary = page => page.getByRole('alert');

// stored ends the reveal.
export async function stored(page) {
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await expect(heading(page, 'My API Keys')).toBeVisible();
}

// expander opens a section of the settings if it is closed, and returns it.
export async function expander(page, name) {
  const section = page.locator('details').filter({ has: page.getByRole('heading', { name, exact: true }) });
  if (!await section.evaluate(d => d.open)) await section.locator('summary').click();
  return section;
}

export const save = page => page.getByRole('button', { name: 'Save', exact: true }).click();

// inZone returns the date that lies some days after today in a zone.
export function inZone(zone, days) {
  const date = new Date(`${calendar(zone).format(new Date())}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

// words writes 2027-05-22 as the pages do: 22 May 2027.
export function words(date) {
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const [year, month, day] = date.split('-').map(Number);
  return `${day} ${months[month - 1]} ${year}`;
}

// endOfDay returns the first instant at which a calendar on the wall in a zone
// shows a later date than the one given.
export function endOfDay(date, zone) {
  const wall = calendar(zone);
  let before = Date.parse(`${date}T00:00:00Z`) - 24 * 3600_000;
  let after = before + 72 * 3600_000;
  while (after - before > 1000) {
    const middle = before + Math.floor((after - before) / 2000) * 1000;
    if (wall.format(middle) > date) after = middle;
    else before = middle;
  }
  return new Date(after);
}

// calendar writes the date in a zone as an <input type="date"> holds it.
function calendar(zone) {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
}
