// Configuration → Settings → Authentication.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { expander, heading, openNewKey, preset, save, signIn } from './pages.mjs';

const sections = { default: 'API Key default expiry (days)', maximum: 'API Key maximum expiry (days)', people: 'User API Keys' };
const path = '/configuration/settings/authentication';

async function openSettings(page) {
  await signIn(page, maya);
  await page.getByRole('navigation', { name: 'Areas', exact: true }).getByRole('link', { name: 'Configuration' }).click();
  await page.locator('#side').getByRole('link', { name: 'Authentication' }).click();
  await expect(heading(page, 'Authentication')).toBeVisible();
}

// type fills both limits, opening their sections as needed.
async function type(page, { default: def, maximum }) {
  if (def !== undefined) await (await expander(page, sections.default)).getByLabel('Default expiry').fill(String(def));
  if (maximum !== undefined) await (await expander(page, sections.maximum)).getByLabel('Maximum expiry').fill(String(maximum));
}

const section = (page, name) => page.locator('details').filter({ has: page.getByRole('heading', { name, exact: true }) });

withAndWithoutScript(javaScriptEnabled => {
  test('three closed sections show their values', async ({ page }) => {
    await openSettings(page);
    await expect(page.locator('details').getByRole('heading')).toHaveText(Object.values(sections));
    for (const [name, value] of [[sections.default, '180 days'], [sections.maximum, '366 days'], [sections.people, 'Allowed']]) {
      await expect(section(page, name).locator('summary')).toContainText(value);
      expect(await section(page, name).evaluate(details => details.open)).toBe(false);
    }
    await section(page, sections.default).locator('summary').click();
    await expect(page.getByLabel('Default expiry')).toHaveValue('180');
  });

  test('what is saved is told, shown, and applies to the next key', async ({ page }) => {
    await openSettings(page);
    await type(page, { default: 45, maximum: 75 });
    await save(page);
    await expect(page.getByRole('status').filter({ hasText: 'Settings saved' })).toBeVisible();
    await expect(section(page, sections.default).locator('summary')).toContainText('45 days');
    await expect(section(page, sections.maximum).locator('summary')).toContainText('75 days');
    await openNewKey(page);
    expect(await page.locator('input[name=expiry]').evaluateAll(radios => radios.map(radio => radio.value))).toEqual(['7', '30', '45', '60', '75', 'custom']);
    await expect(preset(page, 45)).toBeChecked();
  });

  test.describe('', () => {
    test.use({ refusals: [422, 409] });

    test('numbers that can not be are refused beside their field', async ({ page }) => {
      await openSettings(page);
      const cases = [
        { typed: { default: 365, maximum: 180 }, label: 'Default expiry', says: /The default \(365\) is longer than the maximum \(180\)\. Use 180 or fewer\./ },
        { typed: { default: 0, maximum: 366 }, label: 'Default expiry', says: /Enter a default from 1 day up to the maximum\./ },
        { typed: { default: 180, maximum: 1097 }, label: 'Maximum expiry', says: /Enter a maximum from 1 to 1096 days\./ },
        { typed: { default: 180, maximum: 213684 }, label: 'Maximum expiry', says: /Enter a maximum from 1 to 1096 days\./ },
        { typed: { default: -1, maximum: 366 }, label: 'Default expiry', says: /Enter a default/ },
        { typed: { default: '1e2', maximum: 366 }, label: 'Default expiry', says: /Enter a default/ },
        { typed: { default: '7.5', maximum: 366 }, label: 'Default expiry', says: /Enter a default/ },
        { typed: { default: '', maximum: 366 }, label: 'Default expiry', says: /Enter a default/ },
      ];
      for (const { typed, label, says } of cases) {
        await page.goto(path);
        await type(page, typed);
        await save(page);
        await expect(page.getByRole('alert')).toContainText('Nothing was saved');
        if (javaScriptEnabled) await expect(page.getByRole('alert')).toBeFocused();
        await expect(page).toHaveTitle(/^Error: /);
        await expect(page.getByLabel(label)).toBeVisible(); // its section opened by itself
        await expect(page.getByLabel(label)).toHaveAttribute('aria-invalid', 'true');
        await expect(page.getByLabel(label)).toHaveAccessibleDescription(says);
        await expect(page.getByLabel('Default expiry')).toHaveValue(String(typed.default));
      }
      await page.goto(path);
      await expect(section(page, sections.default).locator('summary')).toContainText('180 days');
    });

    test('of two administrators the later one is told and loses nothing', async ({ page, another }) => {
      await openSettings(page);
      const second = await another({ javaScriptEnabled });
      await openSettings(second);
      await type(page, { default: 30 });
      await save(page);
      await expect(page.getByText('Settings saved')).toBeVisible();

      await type(second, { maximum: 200 });
      await save(second);
      await expect(second.getByRole('alert')).toContainText('Nothing was saved');
      await expect(second.getByLabel('Maximum expiry')).toHaveValue('200');
      await page.reload();
      await expect(section(page, sections.maximum).locator('summary')).toContainText('366 days');
      await expect(section(page, sections.default).locator('summary')).toContainText('30 days');

      await type(second, { default: 30 });
      await save(second);
      await expect(second.getByText('Settings saved')).toBeVisible();
      await page.reload();
      await expect(section(page, sections.maximum).locator('summary')).toContainText('200 days');
      await expect(section(page, sections.default).locator('summary')).toContainText('30 days');
    });
  });
});

test('unsaved changes are counted, and can be discarded', async ({ page }) => {
  await openSettings(page);
  await expect(page.getByText(/unsaved change/)).toBeHidden();
  await type(page, { default: 90 });
  await expect(page.getByText('1 unsaved change', { exact: true })).toBeVisible();
  await (await expander(page, sections.people)).getByRole('radio', { name: /Only service accounts/ }).check();
  await expect(page.getByText('2 unsaved changes')).toBeVisible();
  await type(page, { default: 180 });
  await expect(page.getByText('1 unsaved change', { exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'Discard' }).click();
  await expect(page.getByText(/unsaved change/)).toBeHidden();
  await expect(section(page, sections.people).locator('summary')).toContainText('Allowed');
});

test('leaving with unsaved changes asks first', async ({ page }) => {
  await openSettings(page);
  await type(page, { default: 90 });
  const asked = page.waitForEvent('dialog');
  const leaving = page.getByRole('link', { name: 'Keyport' }).click();
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.dismiss();
  await leaving;
  await expect(page.getByLabel('Default expiry')).toHaveValue('90');
});

test('each limit says live how many keys live longer', async ({ page, keyport }) => {
  for (const life of ['300d', '200d', '20d']) await keyport.apiKey(maya.username, `For ${life}`, '--expires', life);
  await openSettings(page);
  const impact = page.locator('#maximum-impact');
  await type(page, { maximum: 250 });
  await expect(impact).toContainText('1 existing key lives longer than this.');
  await type(page, { maximum: 100 });
  await expect(impact).toContainText('2 existing keys live longer than this.');
  await type(page, { maximum: 7 });
  await expect(impact).toContainText('3 existing keys live longer than this.');
  await type(page, { maximum: 1096 });
  await expect(impact).toContainText('No existing key lives longer than this.');
  await type(page, { maximum: 5000 });
  await expect(impact).toContainText('Enter a number of days from 1 to 1096.');
  await expect(page.getByLabel('Maximum expiry')).toBeFocused();
  await type(page, { default: 30 });
  await expect(page.locator('#default-impact')).toContainText('2 existing keys live longer than this.');
});
