// Revoking a key: asked for, told what will happen, and effective at once.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { heading, row, signIn } from './pages.mjs';

withAndWithoutScript(javaScriptEnabled => {
  test.beforeEach(async ({ page, keyport }) => {
    keyport.laptop = await keyport.apiKey(maya.username, 'Laptop scripts');
    keyport.other = await keyport.apiKey(maya.username, 'Terraform provider');
    await signIn(page, maya);
    await row(page, 'Laptop scripts').getByRole('link', { name: 'Revoke' }).click();
    await expect(question(page)).toBeVisible();
  });

  test('says what will happen to which key', async ({ page, keyport }) => {
    const asked = javaScriptEnabled ? page.getByRole('dialog') : page.locator('main');
    await expect(asked).toContainText('Anything that uses this key stops working at once. This cannot be undone.');
    await expect(asked).toContainText(`${keyport.laptop.slice(0, 7)}•••••••`);
    if (javaScriptEnabled) await expect(page.getByRole('link', { name: 'Keep key' })).toBeFocused();
  });

  test('keeping the key changes nothing', async ({ page, keyport }) => {
    await page.getByRole('link', { name: 'Keep key' }).click();
    await expect(question(page)).toHaveCount(0);
    await expect(heading(page, 'My API Keys')).toBeVisible();
    if (javaScriptEnabled) await expect(row(page, 'Laptop scripts').getByRole('link', { name: 'Revoke' })).toBeFocused();
    expect((await keyport.api('GET', '/api/users/me', { key: keyport.laptop })).status).toBe(200);
  });

  test('a revoked key is refused from then on', async ({ page, keyport }) => {
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await expect(page.getByRole('status').filter({ hasText: '“Laptop scripts” is revoked' })).toBeVisible();
    expect((await keyport.api('GET', '/api/users/me', { key: keyport.laptop })).status).toBe(401);
    expect((await keyport.api('GET', '/api/users/me', { bearer: keyport.laptop })).status).toBe(401);
    expect((await keyport.api('GET', '/api/users/me', { key: keyport.other })).status).toBe(200);
    await expect(row(page, 'Laptop scripts')).toHaveCount(0);
    await page.getByRole('navigation', { name: 'Status' }).getByRole('link', { name: 'Revoked' }).click();
    await expect(row(page, 'Laptop scripts')).toContainText('Revoked');
    await expect(row(page, 'Laptop scripts').getByRole('link', { name: 'Revoke' })).toHaveCount(0);
  });

  test('a key that somebody else has revoked meanwhile is no error', async ({ page, keyport, another }) => {
    const second = await another({ javaScriptEnabled });
    await signIn(second, maya);
    await row(second, 'Laptop scripts').getByRole('link', { name: 'Revoke' }).click();
    await second.getByRole('button', { name: 'Revoke key' }).click();
    await expect(row(second, 'Laptop scripts')).toHaveCount(0);
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await expect(row(page, 'Terraform provider')).toBeVisible();
    await expect(row(page, 'Laptop scripts')).toHaveCount(0);
    expect((await keyport.api('GET', '/api/users/me', { key: keyport.laptop })).status).toBe(401);
  });
});

test('Escape keeps the key', async ({ page, keyport }) => {
  const key = await keyport.apiKey(maya.username, 'Laptop scripts');
  await signIn(page, maya);
  await row(page, 'Laptop scripts').getByRole('link', { name: 'Revoke' }).click();
  await expect(page.getByRole('dialog').getByRole('link', { name: 'Keep key' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect((await keyport.api('GET', '/api/users/me', { key })).status).toBe(200);
});

function question(page) {
  return page.getByRole('heading', { name: 'Revoke “Laptop scripts”?' });
}
