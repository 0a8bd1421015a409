// User API Keys switched off: people can make no new key, on any surface; old
// keys and service accounts are not affected.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { expander, fillNewKey, generate, openNewKey, row, save, signIn } from './pages.mjs';

async function switchOff(page) {
  await page.goto('/configuration/settings/authentication');
  const section = await expander(page, 'User API Keys');
  await section.getByRole('radio', { name: /Only service accounts can have new/ }).check();
  await save(page);
  await expect(page.getByText('Settings saved')).toBeVisible();
}

withAndWithoutScript(() => {
  test('the list explains itself and offers no new key', async ({ page, keyport }) => {
    await keyport.apiKey(maya.username, 'From before');
    await signIn(page, maya);
    await expect(page.getByRole('link', { name: 'New API key' })).toBeVisible();
    await switchOff(page);
    await page.goto('/account/apikeys');
    await expect(page.locator('main')).toContainText('administrator has switched off');
    await expect(page.locator('main')).toContainText('service account');
    await expect(page.getByRole('link', { name: 'New API key' })).toHaveCount(0);
    await expect(row(page, 'From before').getByRole('link', { name: 'Revoke' })).toBeVisible();
    await page.goto('/account/apikeys/new');
    await expect(page.getByRole('button', { name: 'Generate new' })).toHaveCount(0);
  });

  test.describe('', () => {
    test.use({ refusals: [403] });

    test('a form that was open before is refused', async ({ page, keyport, another }) => {
      const key = await keyport.apiKey(maya.username, 'From before');
      await signIn(page, maya);
      await openNewKey(page);
      await fillNewKey(page, { purpose: 'Too late' });
      const admin = await another();
      await signIn(admin, maya);
      await switchOff(admin);
      await generate(page);
      await expect(page.getByText(/administrator has switched off new API keys/)).toBeVisible();
      expect((await keyport.keysOf(key)).map(made => made.Purpose)).toEqual(['From before']);
    });
  });
});

test('old keys work, REST refuses new ones, and service accounts may have them', async ({ page, keyport }) => {
  const key = await keyport.apiKey(maya.username, 'From before');
  await keyport.run(['user', 'create', '--username', 'deployer', '--service-account']);
  await signIn(page, maya);
  await switchOff(page);
  const me = await keyport.api('GET', '/api/users/me', { key });
  expect(me.status).toBe(200);
  const refused = await keyport.api('POST', `/api/users/${me.body.Id}/apikeys`, { key, body: { Purpose: 'By REST' } });
  expect(refused.status).toBe(403);
  expect(refused.body.ErrorMessage).toContain('switched off');
  await expect(keyport.apiKey(maya.username, 'By the console')).rejects.toThrow(/switched off/);

  const robot = await keyport.apiKey('deployer', 'Deployments');
  const its = await keyport.api('GET', '/api/users/me', { key: robot });
  expect(its.body).toMatchObject({ Username: 'deployer', IsService: true });
  const more = await keyport.api('POST', `/api/users/${its.body.Id}/apikeys`, { key: robot, body: { Purpose: 'By itself' } });
  expect(more.status).toBe(200);
  keyport.keep(more.body.ApiKey);
});
