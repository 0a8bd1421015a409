// Configuration → Audit: who did what, with JavaScript and without.
import fs from 'node:fs';
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { heading, row, signIn } from './pages.mjs';

const sam = { username: 'sam', password: 'a lighthouse with two stairs' };
const events = page => page.locator('#audit .feed').getByRole('listitem');
const show = page => page.getByRole('button', { name: 'Show events' }).click();
const side = page => page.getByRole('navigation', { name: 'Configuration' });

withAndWithoutScript(javaScriptEnabled => {
  test.describe('', () => {
    test.use({ refusals: [403, 422] });

    test('events are found by who, what and when, and say what was changed', async ({ page, keyport, another }) => {
      await keyport.person(sam);
      await signIn(page, maya);
      await page.goto('/configuration/settings/audit');
      await page.getByLabel('Keep events for (days)').fill('0');
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page.getByRole('alert')).toContainText('Keep events for 1 to 3,660 days.');
      await page.getByLabel('Keep events for (days)').fill('400');
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page.getByText('Events are kept for 400 days from now on.')).toBeVisible();

      await page.getByRole('link', { name: 'History' }).click();
      await expect(heading(page, 'Audit')).toBeVisible();
      await expect(events(page)).toHaveCount(1);
      await events(page).first().getByText('Audit settings').click();
      await expect(events(page).locator('del')).toHaveText('90');
      await expect(events(page).locator('ins')).toHaveText('400');
      await expect(events(page)).toContainText('Session cookie');
      await page.getByRole('link', { name: 'Clear the filters' }).click();
      await expect(page).toHaveURL('/configuration/audit');

      const other = await another({ javaScriptEnabled });
      await signIn(other, sam);
      expect((await other.goto('/configuration/audit')).status()).toBe(403);
      await page.getByRole('searchbox', { name: 'Who' }).fill('SAM');
      await show(page);
      await expect(events(page).first()).toContainText('was refused: GET /configuration/audit');
      await expect(events(page)).toHaveCount(2);
      await page.getByLabel('Events', { exact: true }).selectOption('Login events');
      await show(page);
      await expect(events(page)).toHaveCount(1);
      await expect(events(page)).toContainText('sam signed in');
      await expect(page.getByRole('searchbox', { name: 'Who' })).toHaveValue('SAM');
      await page.getByLabel('Until').fill('2020-01-01');
      await show(page);
      await expect(page.getByText('No event matches these filters.')).toBeVisible();
    });

    test('a key leads to its history, and a long trail has pages', async ({ page, keyport }) => {
      const key = await keyport.apiKey(maya.username, 'Maker');
      const { body: me } = await keyport.api('GET', '/api/users/me', { key });
      for (let n = 0; n < 35; n++) {
        const made = await keyport.api('POST', `/api/users/${me.Id}/apikeys`, { key, body: { Purpose: `Farm ${n}` } });
        keyport.keep(made.body.ApiKey);
      }
      await signIn(page, maya);
      await page.goto('/account/apikeys?q=maker');
      await row(page, 'Maker').getByRole('link', { name: 'Maker', exact: true }).click();
      await page.getByRole('link', { name: 'History' }).click();
      await expect(events(page)).toHaveCount(30);
      await expect(events(page).first()).toContainText('Farm 34');
      await page.getByRole('link', { name: 'Next' }).click();
      await expect(events(page)).toHaveCount(6);
      await expect(events(page).last()).toContainText('Maker');
      await page.getByRole('link', { name: 'Previous' }).click();
      await expect(events(page).first()).toContainText('Farm 34');
      await page.reload();
      await expect(events(page).first()).toContainText('Farm 34');

      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export CSV' }).click()]);
      const lines = fs.readFileSync(await file.path(), 'utf8').trim().split('\r\n');
      expect(lines).toHaveLength(37);
      expect(lines[0]).toContain('"Occurred"');
      expect(file.suggestedFilename()).toMatch(/^audit-\d{4}-\d\d-\d\d\.csv$/);
    });
  });
});

test('the trail is in the navigation', async ({ page }) => {
  await signIn(page, maya);
  await page.goto('/configuration');
  await side(page).getByRole('link', { name: 'Audit', exact: true }).click();
  await expect(heading(page, 'Audit')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
  await side(page).getByRole('link', { name: 'Audit retention' }).click();
  await expect(heading(page, 'Audit retention')).toBeVisible();
});
