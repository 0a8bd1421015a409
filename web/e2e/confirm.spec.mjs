// Who signed in a while ago confirms who they are, and loses nothing of what
// they typed.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { expander, fillNewKey, generate, heading, openNewKey, revealed, save, signIn } from './pages.mjs';
import { device, later, setUpApp } from './second-factors.mjs';

withAndWithoutScript(() => {
  test.use({ refusals: [422] });

  test('a key is made after the password was typed again', async ({ page, keyport }) => {
    await signIn(page, maya);
    const [before] = (await page.context().cookies()).filter(cookie => cookie.name === 'keyport');
    await openNewKey(page);
    await fillNewKey(page, { purpose: 'Release pipeline', days: 30 });
    await keyport.ageSignIns(20);
    await generate(page);
    await expect(heading(page, 'Confirm it’s you')).toBeVisible();
    expect(page.url()).not.toMatch(/Release|confirm/);
    await page.getByLabel('Your password').fill(keyport.keep('not it at all, not at all'));
    await page.getByRole('button', { name: 'Confirm and continue' }).click();
    await expect(page.getByRole('alert')).toContainText('not your password');
    await page.getByLabel('Your password').fill(maya.password);
    await page.getByRole('button', { name: 'Confirm and continue' }).click();
    await revealed(page, keyport);
    await expect(page.locator('main')).toContainText('Release pipeline');
    const [after] = (await page.context().cookies()).filter(cookie => cookie.name === 'keyport');
    expect(after.value).not.toBe(before.value);
    await page.getByRole('button', { name: 'I have stored it' }).click();
    await expect(page.getByRole('row').filter({ hasText: 'Release pipeline' })).toHaveCount(1);
  });

  test('settings are saved after a code of the app', async ({ page, keyport }) => {
    await signIn(page, maya);
    const { secret } = await setUpApp(page, keyport);
    await page.goto('/configuration/settings/authentication');
    const section = await expander(page, 'API Key default expiry (days)');
    await section.getByLabel('Default expiry').fill('77');
    await keyport.ageSignIns(20);
    await save(page);
    await expect(heading(page, 'Confirm it’s you')).toBeVisible();
    await page.getByLabel('Code from your authenticator app').fill(later(secret));
    await page.getByRole('button', { name: 'Confirm with the code' }).click();
    await expect(page.getByText('Settings saved')).toBeVisible();
    await expander(page, 'API Key default expiry (days)');
    await expect(page.getByLabel('Default expiry')).toHaveValue('77');
  });
});

test.describe('by passkey', () => {
  test.use({ setUp: { host: 'localhost' }, refusals: [422] });

  test('a key is made after the passkey was used', async ({ page, keyport }) => {
    await device(page);
    await signIn(page, maya);
    await page.goto('/account/sign-in');
    await page.getByLabel('Name of the passkey').fill('Laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await expect(heading(page, 'Keep these recovery codes')).toBeVisible();
    await openNewKey(page);
    await fillNewKey(page, { purpose: 'Release pipeline' });
    await keyport.ageSignIns(20);
    await generate(page);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await revealed(page, keyport);
  });
});
