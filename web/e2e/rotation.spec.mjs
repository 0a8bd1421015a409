// Rotating a key: from the list to a new secret, while the old one goes on.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { generate, heading, revealed, row, signIn, stored } from './pages.mjs';

withAndWithoutScript(() => {
  test.describe('', () => {
    test.use({ refusals: [422] });

    test('a key is rotated, both work for a while, and each page tells of the other', async ({ page, keyport }) => {
      const old = await keyport.apiKey(maya.username, 'Release pipeline');
      await signIn(page, maya);
      await row(page, 'Release pipeline').getByRole('link', { name: 'Rotate' }).click();
      await expect(heading(page, 'Rotate “Release pipeline”')).toBeVisible();
      await expect(page.getByRole('radio', { name: /^Goes on for 7 days Works until \w{3} \d+ \w{3} \d{4}/ })).toBeChecked();

      await page.locator('label').filter({ hasText: 'Another number of days' }).click();
      await page.getByLabel('Days that the old key goes on').fill('31');
      await generate(page);
      await expect(page.getByRole('alert')).toBeFocused();
      await expect(page.getByLabel('Days that the old key goes on')).toHaveAccessibleDescription(/can go on for 0 to 30 days/);
      await page.getByLabel('Days that the old key goes on').fill('2');
      await generate(page);

      const fresh = await revealed(page, keyport);
      await expect(page.locator('main')).toContainText(`The old key ${old.slice(0, 7)}••••••• works until `);
      for (const key of [old, fresh]) expect((await keyport.api('GET', '/api/users/me', { key })).status).toBe(200);

      await stored(page);
      await expect(row(page, 'Release pipeline')).toHaveCount(2);
      await row(page, old.slice(0, 7)).getByRole('link', { name: 'Release pipeline', exact: true }).click();
      await expect(page.getByRole('heading', { name: 'Who still calls with this key' })).toBeVisible();
      await page.getByRole('link', { name: fresh.slice(0, 7) }).click();
      await expect(page.getByRole('heading', { name: 'Who still calls with the old key' })).toBeVisible();
      await page.getByRole('link', { name: old.slice(0, 7) }).click();
      await page.getByRole('link', { name: 'Rotate', exact: true }).click();
      await expect(page.getByText('This key was rotated already')).toBeVisible();
      await expect(page.getByRole('link', { name: 'Open that key' })).toBeVisible();
    });
  });
});
