// Configuration → API Keys: everybody's keys on one page, found, exported and
// revoked, with JavaScript and without.
import fs from 'node:fs';
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { expander, heading, row, signIn } from './pages.mjs';

const list = '/configuration/apikeys';
const rows = page => page.locator('#all-keys').getByRole('row').filter({ has: page.getByRole('cell') });
const found = page => page.locator('#all-keys').getByRole('status');
const show = page => page.getByRole('button', { name: 'Show keys' }).click();
const sam = { username: 'sam', password: 'a lighthouse with two stairs' };

// company gives two people and a service account keys, and returns those of the
// build farm.
async function company(keyport, farm = 3) {
  await keyport.person(sam);
  await keyport.run(['user', 'create', '--username', 'release-bot', '--service-account']);
  await keyport.apiKey(maya.username, 'Laptop scripts', '--expires', '8d');
  await keyport.apiKey(sam.username, 'Nightly report', '--expires', '100d');
  await keyport.apiKey('release-bot', 'Deploy gate', '--expires', '200d');
  const key = await keyport.apiKey('release-bot', 'Farm 0', '--expires', '40d');
  const { body: me } = await keyport.api('GET', '/api/users/me', { key });
  const farmKeys = [key];
  for (let n = 1; n < farm; n++) {
    const made = await keyport.api('POST', `/api/users/${me.Id}/apikeys`, { key, body: { Purpose: `Farm ${n}`, Expires: new Date(Date.now() + 30 * 24 * 3600_000).toISOString() } });
    expect(made.status).toBe(200);
    farmKeys.push(keyport.keep(made.body.ApiKey));
  }
  return farmKeys;
}

async function openList(page) {
  await signIn(page, maya);
  await page.goto('/configuration');
  await page.getByRole('navigation', { name: 'Configuration' }).getByRole('link', { name: 'API Keys' }).click();
  await expect(heading(page, 'API Keys')).toBeVisible();
}

withAndWithoutScript(javaScriptEnabled => {
  test('filters combine, stay in the address, and order by each column', async ({ page, keyport }) => {
    await company(keyport);
    await openList(page);
    await expect(found(page)).toHaveText('6 keys found');
    await expect(rows(page).first()).toContainText('Laptop scripts');

    await test.step('owner, kind and purpose', async () => {
      await page.getByLabel('Kind of owner').selectOption('Service accounts');
      await page.getByRole('searchbox', { name: 'Purpose' }).fill('FARM');
      await show(page);
      await expect(found(page)).toHaveText('3 keys found');
      await page.getByRole('searchbox', { name: 'Owner' }).fill('nobody like that');
      await show(page);
      await expect(page.getByText('No key matches these filters.')).toBeVisible();
      await page.getByRole('link', { name: 'Clear the filters' }).first().click();
      await expect(found(page)).toHaveText('6 keys found');
    });

    await test.step('dates, never used and the limit', async () => {
      await page.getByText('Dates and limits').click();
      await page.getByRole('checkbox', { name: 'Never used' }).check();
      await show(page);
      await expect(found(page)).toHaveText(/^[56] keys found$/); // a use shows within a minute
      await expect(page.getByRole('checkbox', { name: 'Never used' })).toBeChecked();
      await page.getByRole('group', { name: 'Expires' }).getByLabel('Until').fill('2020-01-01');
      await show(page);
      await expect(found(page)).toHaveText('0 keys found');
      await page.goto(`${list}?over=150`);
      await expect(rows(page)).toHaveCount(1);
      await expect(row(page, 'Deploy gate')).toBeVisible();
    });

    await test.step('each head orders, and twice the other way round', async () => {
      await page.goto(list);
      const firsts = { Purpose: ['Deploy gate', 'Nightly report'], Owner: ['Laptop scripts', 'Nightly report'], Expires: ['Laptop scripts', 'Deploy gate'] };
      for (const [name, [first, last]] of Object.entries(firsts)) {
        const head = page.getByRole('columnheader', { name });
        if (name === 'Expires') await page.goto(`${list}?sort=created`);
        await head.getByRole('link').click();
        await expect(head).toHaveAttribute('aria-sort', 'ascending');
        await expect(rows(page).first()).toContainText(first);
        await head.getByRole('link').click();
        await expect(head).toHaveAttribute('aria-sort', 'descending');
        await expect(rows(page).first()).toContainText(last);
      }
      await page.reload();
      await expect(rows(page).first()).toContainText('Deploy gate');
    });
  });

  test('tiles and weeks lead to the keys they count', async ({ page, keyport }) => {
    await company(keyport);
    await openList(page);
    const tile = page.getByRole('list', { name: 'Totals' }).getByRole('link', { name: /^Ending within 20 days/ });
    await expect(tile).toContainText('1 within 10 days');
    await tile.click();
    await expect(rows(page)).toHaveCount(1);
    await page.goto(list);
    await page.getByText('Show as a table').click();
    const week = page.getByRole('row').filter({ has: page.getByRole('cell', { name: '1', exact: true }) }).filter({ hasText: ' to ' }).first();
    await week.getByRole('link').click();
    await expect(rows(page)).toHaveCount(1);
    await expect(row(page, 'Laptop scripts')).toBeVisible();
    await page.goto(list);
    await page.locator('.chart a').nth(1).locator('.hit').click();
    await expect(row(page, 'Laptop scripts')).toBeVisible();
  });

  test('keys revoked by a filter: figures first, then the reason, then what became of each', async ({ page, keyport }) => {
    const farm = await company(keyport, 7);
    const other = await keyport.apiKey(maya.username, 'Not of the f-a-r-m');
    await openList(page);
    await page.getByRole('searchbox', { name: 'Purpose' }).fill('farm');
    await show(page);
    await page.getByRole('link', { name: 'Revoke these keys…' }).click();
    await expect(heading(page, 'Revoke 7 keys?')).toBeVisible();
    await expect(page.locator('main')).toContainText(/7 keys, [01] used in the last 24 hours/);
    await page.getByLabel('Reason').fill('The build farm is gone');
    await page.getByRole('button', { name: 'Revoke 7 keys' }).click();
    await expect(page).toHaveURL(/revocations\/\d+$/);
    if (!javaScriptEnabled) {
      await expect(async () => {
        if (await page.getByRole('link', { name: 'Look again' }).isVisible()) await page.getByRole('link', { name: 'Look again' }).click();
        await expect(page.getByText('7 keys revoked')).toBeVisible({ timeout: 500 });
      }).toPass();
    }
    await expect(page.getByRole('status').filter({ hasText: '7 keys revoked' })).toBeVisible();
    await expect(page.locator('main')).toContainText('The build farm is gone');
    await expect(page.getByRole('row').filter({ hasText: 'Farm' })).toHaveCount(7);
    for (const key of farm) expect((await keyport.api('GET', '/api/users/me', { key })).status).toBe(401);
    expect((await keyport.api('GET', '/api/users/me', { key: other })).status).toBe(200);
    await page.getByRole('link', { name: 'Back to the keys' }).click();
    await expect(found(page)).toHaveText('0 keys found');
  });

  test('one key of somebody else is revoked, and the list stays as it was', async ({ page, keyport }) => {
    await company(keyport);
    await openList(page);
    await page.goto(`${list}?kind=person`);
    await row(page, 'Nightly report').getByRole('link', { name: /^Revoke/ }).click();
    await expect(page.getByText('sam', { exact: true }).last()).toBeVisible();
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await expect(page.getByText('“Nightly report” is revoked')).toBeVisible();
    await expect(page).toHaveURL(/kind=person/);
    await expect(rows(page)).toHaveCount(1);
  });

  test('the settings lead to the keys that a limit is about', async ({ page, keyport }) => {
    await company(keyport);
    await signIn(page, maya);
    await page.goto('/configuration/settings/authentication');
    const section = await expander(page, 'API Key default expiry (days)');
    await section.getByRole('link', { name: 'See them' }).click();
    await expect(heading(page, 'API Keys')).toBeVisible();
    await expect(page).toHaveURL(/over=180/);
    await expect(rows(page)).toHaveCount(1);
    await expect(row(page, 'Deploy gate')).toBeVisible();
  });

  test.describe('', () => {
    test.use({ refusals: [422] });

    test('what can not be read is said, and nothing is listed or revoked', async ({ page, keyport }) => {
      await company(keyport);
      await openList(page);
      await page.goto(`${list}?ends-from=2027-05-02&ends-to=2027-05-01`);
      await expect(page.getByRole('alert')).toContainText('The last day lies before the first one.');
      await expect(rows(page)).toHaveCount(0);
      await page.goto(`${list}/revocation?purpose=farm`);
      await page.getByRole('button', { name: 'Revoke 3 keys' }).click();
      await expect(page.getByRole('alert')).toContainText('State why these keys are revoked');
      await expect(page.getByLabel('Reason')).toHaveAttribute('aria-invalid', 'true');
    });
  });

  test.describe('', () => {
    test.use({ refusals: [403] });

    test('who may not see users sees no keys of others', async ({ page, keyport }) => {
      await company(keyport);
      await signIn(page, sam);
      await expect(page.getByRole('link', { name: 'Configuration' })).toHaveCount(0);
      for (const path of ['', '/export', '/revocation', '/revocations/1']) {
        const answer = await page.goto(list + path);
        expect(answer.status(), path).toBe(403);
      }
    });
  });
});

test('the export holds the filtered keys and no formula', async ({ page, keyport }) => {
  await keyport.apiKey(maya.username, '=HYPERLINK("http://192.0.2.1","x")');
  await keyport.apiKey(maya.username, 'Plain');
  await openList(page);
  await page.goto(`${list}?purpose=hyperlink`);
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  const file = await waiting;
  expect(file.suggestedFilename()).toMatch(/^api-keys-\d{4}-\d\d-\d\d\.csv$/);
  const lines = fs.readFileSync(await file.path(), 'utf8').trim().split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(`"'=HYPERLINK(""http://192.0.2.1"",""x"")"`);
});
