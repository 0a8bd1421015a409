// The second step of a sign-in: authenticator apps, recovery codes, passkeys.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { fillSignIn, heading, signIn, signOut } from './pages.mjs';
import { device, later, setUpApp } from './second-factors.mjs';

const code = (page, text) => page.getByRole('textbox', { name: /code/i }).fill(text).then(() => page.getByRole('button', { name: 'Continue' }).click());

withAndWithoutScript(javaScriptEnabled => {
  test.use({ refusals: [422] });

  test('an authenticator app is set up, asked for, and removed', async ({ page, keyport }) => {
    await signIn(page, maya);
    const { secret, codes } = await setUpApp(page, keyport);
    expect(codes).toHaveLength(10);
    await signOut(page);
    await page.goto('/account/profile');
    await fillSignIn(page, maya);
    await expect(heading(page, 'One more step')).toBeVisible();
    await code(page, '000000');
    await expect(page.getByRole('alert')).toContainText('not right');
    await code(page, later(secret));
    await expect(heading(page, 'Profile')).toBeVisible(); // where one wanted to go
    await page.goto('/account/sign-in');
    await page.getByRole('button', { name: 'Remove the app' }).click();
    await expect(page.getByText('The authenticator app is removed')).toBeVisible();
    await signOut(page);
    await signIn(page, maya);
  });

  test('a recovery code signs in once', async ({ page, keyport, another }) => {
    await signIn(page, maya);
    const { codes } = await setUpApp(page, keyport);
    const other = await another({ javaScriptEnabled });
    for (const [n, heard] of ['You have used a recovery code', 'not right'].entries()) {
      await other.context().clearCookies();
      await other.goto('/sign-in');
      await fillSignIn(other, maya);
      await code(other, n === 0 ? codes[0].toLowerCase() : codes[0]);
      await expect(other.locator('main')).toContainText(heard);
    }
    await code(other, codes[1]);
    await expect(other.getByText('8 of 10 are left')).toBeVisible();
    await other.getByRole('button', { name: 'Make new codes' }).click();
    await expect(heading(other, 'Keep these recovery codes')).toBeVisible();
    for (const fresh of (await other.locator('#codes').textContent()).trim().split('\n')) {
      keyport.keep(fresh);
      expect(codes).not.toContain(fresh);
    }
  });

  test('an administrator takes a lost second step away, and its owner is told', async ({ page, keyport, another }) => {
    const sam = { username: 'sam', password: 'a lighthouse with two stairs' };
    await keyport.person(sam);
    const sams = await another({ javaScriptEnabled });
    await signIn(sams, sam);
    await setUpApp(sams, keyport);
    await signIn(page, maya);
    await page.goto('/configuration/users');
    await page.getByRole('link', { name: /sam/i }).first().click();
    await page.getByRole('button', { name: 'Remove the second step' }).click();
    await expect(page.getByText('The second step is removed')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Remove the second step' })).toHaveCount(0);
    await sams.context().clearCookies();
    await sams.goto('/sign-in');
    await fillSignIn(sams, sam);
    await expect(sams.getByText('The second step of your sign-in was removed')).toBeVisible();
  });
});

test.describe('passkeys', () => {
  test.use({ setUp: { host: 'localhost' }, refusals: [422] });

  async function addPasskey(page, name) {
    await page.goto('/account/sign-in');
    await page.getByLabel('Name of the passkey').fill(name);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
  }

  test('a passkey is added, signs in by itself, and is the second step', async ({ page, keyport }) => {
    await device(page);
    await signIn(page, maya);
    await addPasskey(page, 'Laptop');
    await expect(heading(page, 'Keep these recovery codes')).toBeVisible();
    (await page.locator('#codes').textContent()).trim().split('\n').forEach(text => keyport.keep(text));
    await page.getByRole('link', { name: 'I have stored them' }).click();
    await expect(page.locator('main').getByText('Never used')).toBeVisible();

    await signOut(page);
    await page.goto('/account/profile');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await expect(heading(page, 'Profile')).toBeVisible();

    await signOut(page);
    await page.goto('/sign-in');
    await fillSignIn(page, maya);
    await expect(heading(page, 'One more step')).toBeVisible();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await expect(heading(page, 'My API Keys')).toBeVisible();

    await page.goto('/account/sign-in');
    await expect(page.locator('main').getByText('Last used just now')).toBeVisible();
    await page.getByRole('button', { name: 'Remove the passkey Laptop' }).click();
    await expect(page.getByText('The passkey “Laptop” is removed')).toBeVisible();
    await signOut(page);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await expect(page.getByText('Could not sign in')).toBeVisible();
  });

  test('a name is needed before the device is asked', async ({ page }) => {
    await device(page);
    await signIn(page, maya);
    await addPasskey(page, '');
    await expect(page.getByLabel('Name of the passkey')).toBeFocused();
    await expect(page.getByRole('button', { name: 'Remove' })).toHaveCount(0);
  });

  test('what the device refuses is said, and the button works again', async ({ page }) => {
    const laptop = await device(page, { automaticPresenceSimulation: true });
    await laptop.verified(false);
    await page.goto('/sign-in');
    const button = page.getByRole('button', { name: 'Sign in with a passkey' });
    await button.click();
    await expect(page.locator('#toasts')).toContainText('No passkey was used');
    await expect(button).not.toHaveAttribute('aria-busy', 'true');
    await laptop.remove();
  });

  test.describe('without JavaScript', () => {
    test.use({ javaScriptEnabled: false });

    test('the pages say what passkeys need', async ({ page }) => {
      await page.goto('/sign-in');
      await expect(page.getByText('Signing in with a passkey needs JavaScript')).toBeVisible();
      await expect(page.getByRole('button', { name: /passkey/ })).toHaveCount(0);
      await signIn(page, maya);
      await page.goto('/account/sign-in');
      await expect(page.getByText('Passkeys need JavaScript')).toBeVisible();
      await expect(page.getByRole('button', { name: 'Add a passkey' })).toHaveCount(0);
    });
  });
});
