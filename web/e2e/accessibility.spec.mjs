// Every page and every state of it, in light and dark, wide and at 360 px: no
// findings by axe, and nothing that scrolls sideways.
import AxeBuilder from '@axe-core/playwright';
import { expect, maya, test } from './fixtures.mjs';
import { chooseCustomDate, expander, fillNewKey, fillSignIn, generate, heading, menu, newKey, openNewKey, row, save, signIn } from './pages.mjs';

test.use({ contextOptions: { reducedMotion: 'reduce' } }); // colours in the middle of a transition have no contrast to judge

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// audit looks at the page as it stands, in all four ways.
async function audit(page, state) {
  for (const [width, height] of [[1280, 800], [360, 740]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze();
      const findings = violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`).join(' | ')}`);
      expect.soft(findings, `${state}, ${colorScheme}, ${width} px`).toEqual([]);
    }
    expect.soft(await page.evaluate(() => document.documentElement.scrollWidth), `${state}: width of the page in ${width} px`).toBeLessThanOrEqual(width);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

const sam = { username: 'sam', password: 'a lighthouse with two stairs' };

test.describe('before somebody is there', () => {
  test.use({ setUp: { admin: null }, refusals: [404, 422] });

  test('set-up', async ({ page, keyport }) => {
    await page.goto('/sign-in');
    await audit(page, 'sign-in before set-up');
    await page.goto('/setup?token=nonsense');
    await audit(page, 'set-up link that does not work');
    await page.goto(keyport.stdout.match(/http:\/\/\S+\/setup\?token=[A-Z0-9]+/)[0]);
    await audit(page, 'set-up');
    await page.getByLabel('User name').fill('vera');
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'set-up with errors');
  });
});

test.describe('', () => {
  test.use({ refusals: [403, 404, 422] });

  test('sign-in and errors', async ({ page, keyport }) => {
    await page.goto('/sign-in');
    await audit(page, 'sign-in');
    await fillSignIn(page, { username: 'nobody', password: 'nothing at all, really' });
    await expect(page.getByText('Could not sign in')).toBeVisible();
    await audit(page, 'sign-in refused');
    await keyport.person(sam);
    await signIn(page, sam);
    await page.goto('/nowhere');
    await audit(page, 'not found');
    await page.goto('/configuration/settings/authentication');
    await audit(page, 'forbidden');
    await page.goto('/account/apikeys');
    await page.getByRole('button', { name: /profile menu/ }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page.getByText('You are signed out')).toBeVisible();
    await audit(page, 'signed out');
  });

  test('the list', async ({ page, keyport }) => {
    await signIn(page, maya);
    await audit(page, 'empty list');
    const key = await keyport.apiKey(maya.username, 'Laptop scripts', '--expires', '8d');
    await keyport.apiKey(maya.username, 'Terraform provider', '--expires', '16d');
    await keyport.apiKey(maya.username, 'W'.repeat(200), '--expires', '100d');
    const gone = await keyport.apiKey(maya.username, 'Given up');
    const { body: me } = await keyport.api('GET', '/api/users/me', { key });
    const [made] = await keyport.keysOf(gone);
    await keyport.api('DELETE', `/api/users/${me.Id}/apikeys/${made.Id}`, { key });
    const soon = await keyport.api('POST', `/api/users/${me.Id}/apikeys`, { key, body: { Purpose: 'Over already', Expires: new Date(Date.now() + 1500).toISOString() } });
    keyport.keep(soon.body.ApiKey);
    await new Promise(resolve => setTimeout(resolve, 1600));
    await page.goto('/account/apikeys?status=all');
    await expect(row(page, 'Over already')).toContainText('Expired');
    await audit(page, 'list with keys of every status');
    await page.goto('/account/apikeys?q=nothing');
    await audit(page, 'list without matches');
    await page.goto('/account/apikeys?status=expired&q=&sort=purpose');
    await audit(page, 'list of expired keys');
    await page.goto('/account/apikeys');
    await menu(page);
    await audit(page, 'profile menu');
    await page.keyboard.press('Escape');
    await row(page, 'Laptop scripts').getByRole('link', { name: 'Revoke' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await audit(page, 'revoke dialog');
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await expect(page.getByText('“Laptop scripts” is revoked')).toBeVisible();
    await audit(page, 'list after revoking');
    const address = await row(page, 'Terraform provider').getByRole('link', { name: 'Revoke' }).getAttribute('href');
    await page.goto(address);
    await audit(page, 'revoke page');
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto('/account/apikeys');
    await page.getByRole('button', { name: 'Open navigation' }).click();
    await expect(page.locator('#side')).toBeVisible();
    expect.soft((await new AxeBuilder({ page }).withTags(rules).analyze()).violations.map(v => v.id), 'navigation on a small screen').toEqual([]);
  });

  test('a long list', async ({ page, keyport }) => {
    const key = await keyport.apiKey(maya.username, 'Maker');
    const { body: me } = await keyport.api('GET', '/api/users/me', { key });
    for (let n = 0; n < 31; n++) {
      const made = await keyport.api('POST', `/api/users/${me.Id}/apikeys`, { key, body: { Purpose: `Worker ${n}` } });
      keyport.keep(made.body.ApiKey);
    }
    await signIn(page, maya);
    await page.getByRole('link', { name: 'Next' }).click();
    await expect(page.getByText('31 to 32 of 32')).toBeVisible();
    await audit(page, 'second page of the list');
  });

  test('a new key', async ({ page, keyport }) => {
    await signIn(page, maya);
    await openNewKey(page);
    await audit(page, 'new key');
    await chooseCustomDate(page);
    await audit(page, 'new key by date');
    await fillNewKey(page, { purpose: '', date: '2020-01-01' });
    await generate(page);
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'new key with errors');
    await newKey(page, keyport, { purpose: 'Release pipeline' });
    await audit(page, 'reveal');
  });

  test('profile, password and sessions', async ({ page, another }) => {
    await signIn(await another(), maya);
    await signIn(page, maya);
    await page.goto('/account/profile');
    await audit(page, 'profile');
    await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByText('Time zone saved')).toBeVisible();
    await audit(page, 'profile saved');
    await page.goto('/account/password');
    await audit(page, 'password');
    await page.getByLabel('Current password').fill('not it');
    await page.getByLabel('New password', { exact: true }).fill('short');
    await page.getByLabel('New password again').fill('short');
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'password with errors');
    await page.goto('/account/sessions');
    await audit(page, 'sessions');
  });
});

test.describe('', () => {
  test.use({ refusals: [409, 422] });

  test('settings and what they switch off', async ({ page, keyport, another }) => {
    await keyport.apiKey(maya.username, 'Laptop scripts', '--expires', '300d');
    await signIn(page, maya);
    await page.goto('/configuration/settings/authentication');
    await expect(heading(page, 'Authentication')).toBeVisible();
    await audit(page, 'settings');
    const sections = ['API Key default expiry (days)', 'API Key maximum expiry (days)', 'User API Keys'];
    for (const name of sections) await expander(page, name);
    await page.getByLabel('Maximum expiry').fill('200');
    await expect(page.locator('#maximum-impact')).toContainText('1 existing key');
    await audit(page, 'settings, open and changed');

    const second = await another();
    await signIn(second, maya);
    await second.goto('/configuration/settings/authentication');
    await save(page);
    await expect(page.getByText('Settings saved')).toBeVisible();
    await audit(page, 'settings saved');
    await (await expander(second, sections[0])).getByLabel('Default expiry').fill('20');
    await save(second);
    await expect(second.getByRole('alert')).toBeVisible();
    await audit(second, 'settings that somebody else has saved');

    await (await expander(page, sections[0])).getByLabel('Default expiry').fill('1097');
    await save(page);
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'settings with errors');
    await page.getByLabel('Default expiry').fill('180');
    await (await expander(page, sections[2])).getByRole('radio', { name: /Only service accounts/ }).check();
    await save(page);
    await expect(page.getByText('Settings saved')).toBeVisible();
    await page.goto('/account/apikeys');
    await expect(page.locator('main')).toContainText('switched off');
    await audit(page, 'list while new keys are switched off');
  });
});
