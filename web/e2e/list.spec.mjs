// The list My API Keys: found, filtered, ordered and turned page by page.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { row, signIn } from './pages.mjs';

const day = 24 * 3600_000;

// manyKeys makes 36 keys whose names, ends and ages all differ in order, one
// that has expired, and one that is revoked: 38 with the key that makes them.
async function manyKeys(keyport) {
  const key = await keyport.apiKey(maya.username, 'Maker of keys', '--expires', '366d');
  const me = (await keyport.api('GET', '/api/users/me', { key })).body;
  const make = async (Purpose, life) => {
    const made = await keyport.api('POST', `/api/users/${me.Id}/apikeys`, { key, body: { Purpose, Expires: new Date(Date.now() + life).toISOString() } });
    expect(made.status, JSON.stringify(made.body)).toBe(200);
    keyport.keep(made.body.ApiKey);
    return made.body;
  };
  await make('Over already', 1500);
  const gone = await make('Given up', 50 * day);
  expect((await keyport.api('DELETE', `/api/users/${me.Id}/apikeys/${gone.Id}`, { key })).status).toBe(200);
  for (let n = 1; n <= 36; n++) await make(`Worker ${String(n).padStart(2, '0')}`, (n * 5 + 1) * day);
  return key;
}

const rows = page => page.getByRole('table').getByRole('row').filter({ has: page.getByRole('cell') });
const first = page => rows(page).first();
const tab = (page, name) => page.getByRole('navigation', { name: 'Status' }).getByRole('link', { name: new RegExp(`^${name}`) });

withAndWithoutScript(javaScriptEnabled => {
  test('search, tabs, order and pages', async ({ page, keyport }) => {
    await manyKeys(keyport);
    await new Promise(resolve => setTimeout(resolve, 1500));
    await signIn(page, maya);
    const counts = { Usable: 37, 'Expires soon': 3, Expired: 1, Revoked: 1, All: 39 };
    for (const [name, count] of Object.entries(counts)) await expect(tab(page, name)).toHaveText(new RegExp(`^${name}\\s*${count}$`));

    await test.step('soonest end first, thirty to a page', async () => {
      await expect(first(page)).toContainText('Worker 01');
      await expect(rows(page)).toHaveCount(30);
      await expect(page.getByText('1 to 30 of 37')).toBeVisible();
      await page.getByRole('link', { name: 'Next' }).click();
      await expect(page.getByText('31 to 37 of 37')).toBeVisible();
      await expect(rows(page)).toHaveCount(7);
      await expect(first(page)).toContainText('Worker 31');
      await expect(page.getByRole('link', { name: 'Next' })).toHaveCount(0);
      await page.getByRole('link', { name: 'Previous' }).click();
      await expect(first(page)).toContainText('Worker 01');
    });

    await test.step('a click on a head orders, a second one the other way round', async () => {
      await page.getByRole('columnheader', { name: 'Purpose' }).getByRole('link').click();
      await expect(page.getByRole('columnheader', { name: 'Purpose' })).toHaveAttribute('aria-sort', 'ascending');
      await expect(first(page)).toContainText('Maker of keys');
      await page.getByRole('columnheader', { name: 'Purpose' }).getByRole('link').click();
      await expect(page.getByRole('columnheader', { name: 'Purpose' })).toHaveAttribute('aria-sort', 'descending');
      await expect(first(page)).toContainText('Worker 36');
      await page.getByRole('columnheader', { name: 'Created' }).getByRole('link').click();
      await expect(first(page)).toContainText('Worker 36');
    });

    await test.step('the tabs', async () => {
      await tab(page, 'Expires soon').click();
      await expect(tab(page, 'Expires soon')).toHaveAttribute('aria-current', 'true');
      await expect(rows(page)).toHaveCount(3);
      await tab(page, 'Expired').click();
      await expect(rows(page)).toHaveCount(1);
      await expect(row(page, 'Over already')).toContainText('Expired');
      await tab(page, 'Revoked').click();
      await expect(row(page, 'Given up')).toContainText('Revoked');
      await tab(page, 'All').click();
      await expect(page.getByText('1 to 30 of 39')).toBeVisible();
    });

    await test.step('search by purpose and by the key itself', async () => {
      await find(page, 'WORKER 3');
      await expect(rows(page)).toHaveCount(7);
      await find(page, 'worker 07');
      await expect(rows(page)).toHaveCount(1);
      const hint = await first(page).locator('code').textContent();
      await find(page, hint.slice(0, 7));
      await expect(row(page, 'Worker 07')).toBeVisible();
      await find(page, '100%_\\');
      await expect(page.getByText('No key here matches “100%_\\”.')).toBeVisible();
      await expect(page).toHaveURL(/status=all/);
    });

    await test.step('the address brings the same list back', async () => {
      await find(page, 'worker 07');
      await expect(rows(page)).toHaveCount(1);
      await page.reload();
      await expect(page.getByRole('searchbox')).toHaveValue('worker 07');
      await expect(rows(page)).toHaveCount(1);
    });
  });

  // find types into the search; the list follows, or does so on Enter.
  async function find(page, text) {
    await page.getByRole('searchbox', { name: 'Search your API keys' }).fill(text);
    if (javaScriptEnabled) {
      await expect(page).toHaveURL(url => url.searchParams.get('q') === text);
      await expect(page.getByRole('searchbox')).toBeFocused();
    } else {
      await page.keyboard.press('Enter');
    }
  }
});

test.describe('at 360 px', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test('the table becomes cards and nothing scrolls sideways', async ({ page, keyport }) => {
    await keyport.apiKey(maya.username, 'W'.repeat(200));
    await keyport.apiKey(maya.username, 'Laptop scripts', '--expires', '8d');
    await signIn(page, maya);
    await expect(row(page, 'Laptop scripts')).toContainText(/In [89] days/);
    await expect(row(page, 'Laptop scripts').getByRole('cell').nth(1)).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await row(page, 'WWWW').getByRole('link', { name: 'Revoke' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  });
});
