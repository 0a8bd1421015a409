// Configuration → Users: found, created, changed, deactivated, deleted; and the
// keys of service accounts and of other people.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { fillNewKey, generate, heading, revealed, row, signIn, signInByForm } from './pages.mjs';

const sam = { username: 'sam', password: 'a lighthouse with two stairs' };
const rows = page => page.getByRole('table').getByRole('row').filter({ has: page.getByRole('cell') });
const tab = (page, group, name) => page.getByRole('navigation', { name: group }).getByRole('link', { name: new RegExp(`^${name}`) });
const told = (page, text) => expect(page.getByRole('status').filter({ hasText: text })).toBeVisible();

async function openUsers(page) {
  await page.goto('/configuration/users');
  await expect(heading(page, 'Users')).toBeVisible();
}

async function openUser(page, name) {
  await openUsers(page);
  await page.getByRole('link', { name, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name);
}

async function create(page, { username, name, service }) {
  await openUsers(page);
  await page.getByRole('link', { name: 'New user' }).click();
  await page.getByLabel('User name').fill(username);
  if (name) await page.getByLabel('Display name').fill(name);
  if (service) await page.getByRole('checkbox', { name: 'The user is a service account' }).check();
  await page.getByRole('button', { name: 'Create user' }).click();
}

withAndWithoutScript(javaScriptEnabled => {
  const question = page => javaScriptEnabled ? page.getByRole('dialog') : page.locator('main');

  test('a service account gets a key, and loses it', async ({ page, keyport }) => {
    await signIn(page, maya);
    await page.goto('/configuration');
    await page.getByRole('navigation', { name: 'Configuration', exact: true }).getByRole('link', { name: 'Users' }).click();
    await create(page, { username: 'deploy-bot', name: 'Deploy bot', service: true });
    await told(page, 'Deploy bot is created');
    await expect(page.locator('main')).toContainText('Service account');
    await page.getByRole('link', { name: 'API keys', exact: true }).click();
    await expect(heading(page, 'API keys of Deploy bot')).toBeVisible();
    await page.getByRole('link', { name: 'New API key' }).click();
    await expect(page.locator('main')).toContainText('acts as Deploy bot');
    await fillNewKey(page, { purpose: 'Blue/green switch', days: 30 });
    await generate(page);
    const key = await revealed(page, keyport);
    expect((await keyport.api('GET', '/api/users/me', { key })).body).toMatchObject({ Username: 'deploy-bot', IsService: true });
    await page.getByRole('button', { name: 'I have stored it' }).click();
    await expect(heading(page, 'API keys of Deploy bot')).toBeVisible();
    await row(page, 'Blue/green switch').getByRole('link', { name: 'Revoke' }).click();
    await expect(question(page)).toContainText('Deploy bot');
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await told(page, '“Blue/green switch” is revoked');
    await expect(heading(page, 'API keys of Deploy bot')).toBeVisible();
    expect((await keyport.api('GET', '/api/users/me', { key })).status).toBe(401);
  });

  test('a person is changed, kept out, let in again, and deleted', async ({ page, keyport, another }) => {
    await keyport.person(sam);
    const key = await keyport.apiKey('sam', 'Laptop scripts');
    const works = async () => (await keyport.api('GET', '/api/users/me', { key })).status;
    const theirs = await another({ javaScriptEnabled });
    await signIn(theirs, sam);
    await signIn(page, maya);

    await openUser(page, 'sam');
    await page.getByLabel('Display name').fill('Sam Okafor');
    await page.getByRole('button', { name: 'Save' }).click();
    await told(page, 'User saved');
    await expect(heading(page, 'Sam Okafor')).toBeVisible();

    await page.getByRole('link', { name: 'Deactivate' }).click();
    await expect(question(page)).toContainText('Sam Okafor is signed out everywhere and refused at once, and 1 live key is refused.');
    await page.getByRole('link', { name: 'Keep active' }).click();
    await expect(page.getByRole('button', { name: 'Deactivate' })).toHaveCount(0);
    expect(await works()).toBe(200);
    await page.getByRole('link', { name: 'Deactivate' }).click();
    await page.getByRole('button', { name: 'Deactivate' }).click();
    await told(page, 'Sam Okafor is deactivated');
    expect(await works()).toBe(401);
    await theirs.goto('/account/apikeys');
    await expect(heading(theirs, 'Sign in to Keyport')).toBeVisible();

    await page.getByRole('button', { name: 'Reactivate' }).click();
    await told(page, 'Sam Okafor is active again');
    expect(await works()).toBe(200);
    await signInByForm(theirs, sam);

    await page.getByRole('link', { name: 'Delete' }).click();
    await expect(question(page)).toContainText('1 live key ends for good');
    await page.getByRole('button', { name: 'Delete' }).click();
    await told(page, 'Sam Okafor is deleted');
    await expect(page.getByRole('link', { name: 'Sam Okafor', exact: true })).toHaveCount(0);
    expect(await works()).toBe(401);
  });

  test('the list is searched, filtered and ordered', async ({ page, keyport }) => {
    await keyport.run(['user', 'create', '--username', 'deploy-bot', '--display-name', 'Ändring', '--service-account']);
    await keyport.person(sam);
    await keyport.apiKey('sam', 'Laptop scripts');
    await signIn(page, maya);
    await openUsers(page);
    await expect(rows(page)).toHaveCount(3);
    await expect(row(page, 'sam').getByRole('cell').nth(3)).toHaveText(/^1/);
    await expect(row(page, 'sam')).toContainText('Never');
    await expect(row(page, 'maya')).toContainText('Just now');
    await tab(page, 'Kind', 'Service accounts').click();
    await expect(rows(page)).toHaveCount(1);
    await expect(row(page, 'Ändring')).toContainText('Service account');
    await expect(tab(page, 'Status', 'Active')).toHaveText(/1$/);
    await tab(page, 'Status', 'Deactivated').click();
    await expect(page.getByText('There are no such users.')).toBeVisible();
    await tab(page, 'Status', 'Any status').click();
    await expect(rows(page)).toHaveCount(1);
    await tab(page, 'Kind', 'Everybody').click();
    await expect(rows(page)).toHaveCount(3);
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('link').click();
    await expect(page.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'descending');
    await expect(rows(page).first()).toContainText('Ändring');
    await find(page, 'ÄNDR');
    await expect(rows(page)).toHaveCount(1);
    await find(page, 'example.com');
    await expect(row(page, 'maya')).toBeVisible();
    await expect(rows(page)).toHaveCount(1);
    await find(page, '%');
    await expect(page.getByText('No user here matches “%”.')).toBeVisible();
    await page.reload();
    await expect(page.getByRole('searchbox')).toHaveValue('%');
  });

  async function find(page, text) {
    await page.getByRole('searchbox', { name: 'Search users' }).fill(text);
    if (javaScriptEnabled) {
      await expect(page).toHaveURL(url => url.searchParams.get('q') === text);
      await expect(page.getByRole('searchbox')).toBeFocused();
    } else {
      await page.keyboard.press('Enter');
    }
  }

  test('keys of a person are seen and revoked, not made', async ({ page, keyport }) => {
    await keyport.person(sam);
    const key = await keyport.apiKey('sam', 'Laptop scripts');
    await signIn(page, maya);
    await openUser(page, 'sam');
    await page.getByRole('link', { name: '1 live key' }).click();
    await expect(heading(page, 'API keys of sam')).toBeVisible();
    await expect(page.getByRole('link', { name: 'New API key' })).toHaveCount(0);
    await row(page, 'Laptop scripts').getByRole('link', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await told(page, '“Laptop scripts” is revoked');
    expect((await keyport.api('GET', '/api/users/me', { key })).status).toBe(401);
  });

  test.describe('', () => {
    test.use({ refusals: [409, 422] });

    test('a form with mistakes comes back with what was typed', async ({ page }) => {
      await signIn(page, maya);
      await create(page, { username: 'Me', name: 'Zoe', service: true });
      await expect(page.getByRole('alert')).toContainText('The user name Me is reserved');
      await expect(page.getByLabel('Display name')).toHaveValue('Zoe');
      await expect(page.getByRole('checkbox', { name: 'The user is a service account' })).toBeChecked();
      await page.getByLabel('User name').fill('MAYA');
      await page.getByRole('button', { name: 'Create user' }).click();
      await expect(page.getByRole('alert')).toContainText('The user name MAYA is taken');
      await page.getByLabel('User name').fill('zoe');
      await page.getByRole('button', { name: 'Create user' }).click();
      await told(page, 'Zoe is created');
    });

    test('whoever saves second is told', async ({ page, keyport, another }) => {
      await keyport.person(sam);
      const second = await another({ javaScriptEnabled });
      for (const browser of [page, second]) {
        await signIn(browser, maya);
        await openUser(browser, 'sam');
      }
      await page.getByLabel('Display name').fill('Sam the first');
      await page.getByRole('button', { name: 'Save' }).click();
      await told(page, 'User saved');
      await second.getByLabel('Display name').fill('Sam the second');
      await second.getByRole('button', { name: 'Save' }).click();
      await expect(second.getByRole('alert')).toContainText('Somebody else saved this user');
      await expect(second.getByLabel('Display name')).toHaveValue('Sam the second');
    });
  });

  test('nobody ends himself', async ({ page }) => {
    await signIn(page, maya);
    await openUser(page, 'maya');
    await expect(page.locator('main')).toContainText("You can't deactivate or delete your own account.");
    await expect(page.getByRole('link', { name: 'Deactivate' })).toHaveCount(0);
  });
});

test.describe('at 360 px', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test('nothing scrolls sideways', async ({ page, keyport }) => {
    await keyport.run(['user', 'create', '--username', 'w'.repeat(64), '--display-name', 'W'.repeat(64), '--service-account']);
    await signIn(page, maya);
    for (const path of ['/configuration/users', '/configuration/users/new', '/configuration/users/Users-2', '/configuration/users/Users-2/apikeys', '/configuration/users/Users-2/deletion']) {
      await page.goto(path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360);
    }
  });
});
