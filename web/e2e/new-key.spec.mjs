// Making a key: the way from the profile image to a key that opens the REST
// API.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { customDate, fillNewKey, generate, heading, inZone, menu, newKey, openNewKey, preset, revealed, row, signIn, stored, words } from './pages.mjs';

withAndWithoutScript(() => {
  test('the profile image leads to a new key, and the key opens the REST API', async ({ page, keyport }) => {
    await signIn(page, maya);
    await (await menu(page)).getByRole('link', { name: 'Profile' }).click();
    await expect(heading(page, 'Profile')).toBeVisible();
    await page.getByRole('link', { name: 'My API Keys' }).first().click();
    await expect(page.getByRole('heading', { name: 'No API keys yet' })).toBeVisible();
    await page.getByRole('link', { name: 'New API key' }).first().click();
    await fillNewKey(page, { purpose: 'Release pipeline', days: 30 });
    await generate(page);
    const key = await revealed(page, keyport);
    await expect(page.locator('main')).toContainText('Release pipeline');

    for (const credential of [{ key }, { bearer: key }]) {
      const me = await keyport.api('GET', '/api/users/me', credential);
      expect(me.status).toBe(200);
      expect(me.body.Username).toBe(maya.username);
    }
    await stored(page);
    await expect(row(page, 'Release pipeline')).toContainText(`${key.slice(0, 7)}•••••••`);
    await expect(row(page, 'Release pipeline')).toContainText('In 30 days');
  });

  test('every preset ends when the form said it would', async ({ page, keyport }) => {
    await signIn(page, maya);
    await openNewKey(page);
    const choices = await page.locator('input[name=expiry]').evaluateAll(radios => radios.map(radio => radio.value));
    expect(choices).toEqual(['7', '30', '60', '90', '180', '366', 'custom']);
    await expect(preset(page, 180)).toBeChecked();
    const probe = await keyport.apiKey(maya.username, 'Probe');
    for (const days of choices.slice(0, -1)) {
      await openNewKey(page);
      const told = await page.locator('label').filter({ has: preset(page, days) }).locator('time').getAttribute('datetime');
      await fillNewKey(page, { purpose: `${days} days`, days });
      await generate(page);
      await revealed(page, keyport);
      await expect(page.locator('main time').first()).toHaveAttribute('datetime', told);
      const made = (await keyport.keysOf(probe)).find(key => key.Purpose === `${days} days`);
      expect(Date.parse(made.Expires), `${days} days`).toBe(Date.parse(told));
    }
  });

  test.describe('', () => {
    test.use({ refusals: [422] });

    test('the last day allowed is accepted and the next one is not', async ({ page, keyport }) => {
      await signIn(page, maya);
      await openNewKey(page);
      const zone = await zoneOf(page);
      const last = inZone(zone, 366);
      await fillNewKey(page, { purpose: 'Too long', date: inZone(zone, 367) });
      await generate(page);
      await expect(page.locator('main')).toContainText(`Choose a date on or before ${words(last)}.`);
      await page.getByLabel('Expiry date').fill(last);
      await generate(page);
      await revealed(page, keyport);
    });

    test('what is wrong is said beside the field, and nothing is made', async ({ page, keyport }) => {
      await signIn(page, maya);
      await openNewKey(page);
      await fillNewKey(page, { purpose: '', date: '2020-02-29' });
      await generate(page);
      await expect(page.getByRole('alert')).toBeFocused();
      await expect(page).toHaveTitle(/^Error: New API key/);
      await expect(page.getByLabel('Purpose')).toHaveAttribute('aria-invalid', 'true');
      await expect(page.getByLabel('Purpose')).toHaveAccessibleDescription(/State the purpose of this key\./);
      await expect(customDate(page)).toBeChecked();
      await expect(page.getByLabel('Expiry date')).toHaveValue('2020-02-29');
      await expect(page.getByLabel('Expiry date')).toHaveAttribute('aria-invalid', 'true');
      await expect(page.getByLabel('Expiry date')).toHaveAccessibleDescription(/29 Feb 2020 is in the past\./);
      await page.getByRole('alert').getByRole('link', { name: 'State the purpose of this key.' }).click();
      await expect(page.getByLabel('Purpose')).toBeFocused();
      const probe = await keyport.apiKey(maya.username, 'Probe');
      expect(await keyport.keysOf(probe)).toHaveLength(1);
    });

    test('what people type stays text', async ({ page, keyport }) => {
      const purpose = `<img src=x onerror=alert(1)>"'&amp; {{7*7}} ＜b＞ 名前 ${'ü'.repeat(30)}`;
      await signIn(page, maya);
      await newKey(page, keyport, { purpose });
      await expect(page.locator('main')).toContainText(purpose);
      await stored(page);
      await expect(row(page, purpose)).toBeVisible();
      await row(page, purpose).getByRole('link', { name: 'Revoke' }).click();
      await expect(page.getByRole('heading', { name: `Revoke “${purpose}”?` })).toBeVisible();
    });
  });
});

test('a key in use shows when and from where', async ({ page, keyport }) => {
  await signIn(page, maya);
  const key = await newKey(page, keyport, { purpose: 'In use' });
  await keyport.api('GET', '/api/users/me', { key });
  await stored(page);
  await expect(async () => {
    await page.goto('/account/apikeys');
    await expect(row(page, 'In use')).toContainText('127.0.0.1', { timeout: 100 });
  }).toPass({ timeout: 75_000 });
});

// zoneOf reads the zone that the form names.
async function zoneOf(page) {
  const text = await page.getByText('Works until the end of the chosen day').innerText();
  return text.match(/in (\S+)\.$/)[1];
}
