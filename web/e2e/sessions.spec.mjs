// Where a person is signed in, and the change of the password.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { fillSignIn, heading, signIn, signInByForm } from './pages.mjs';

withAndWithoutScript(javaScriptEnabled => {
  // signedOut reports that a browser has to sign in again.
  async function signedOut(page) {
    await page.goto('/account/apikeys');
    await expect(heading(page, 'Sign in to Keyport')).toBeVisible();
  }

  test('one session, then all others, can be ended', async ({ page, another }) => {
    const browsers = { laptop: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Firefox/140.0', phone: 'Mozilla/5.0 (Linux; Android 16) Firefox/140.0', desk: 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0' };
    const open = {};
    for (const [name, userAgent] of Object.entries(browsers)) {
      open[name] = await another({ javaScriptEnabled, userAgent });
      await signIn(open[name], maya);
    }
    await signIn(page, maya);
    await page.goto('/account/sessions');
    const rows = page.locator('main').getByRole('listitem');
    await expect(rows).toHaveCount(4);
    await expect(rows.filter({ hasText: 'This browser' })).toHaveCount(1);
    await expect(rows.filter({ hasText: 'This browser' }).getByRole('button')).toHaveCount(0);

    await rows.filter({ hasText: 'Android' }).getByRole('button', { name: /^End/ }).click();
    await expect(page.getByText('Session ended')).toBeVisible();
    await expect(rows).toHaveCount(3);
    await signedOut(open.phone);
    await open.laptop.goto('/account/sessions');
    await expect(heading(open.laptop, 'Sessions')).toBeVisible();

    await page.getByRole('button', { name: 'End all others' }).click();
    await expect(page.getByText('2 other sessions ended')).toBeVisible();
    await expect(rows).toHaveCount(1);
    await signedOut(open.laptop);
    await signedOut(open.desk);
    await page.goto('/account/apikeys');
    await expect(heading(page, 'My API Keys')).toBeVisible();
  });

  test.describe('', () => {
    test.use({ refusals: [422] });
    const next = 'seven quiet harbours in winter';

    test('a new password ends the other sessions, but not the keys', async ({ page, keyport, another }) => {
      keyport.keep(next);
      const key = await keyport.apiKey(maya.username, 'Lasting');
      const other = await another({ javaScriptEnabled });
      await signIn(other, maya);
      await signIn(page, maya);
      const before = await page.context().cookies();
      await change(page, { current: maya.password, password: next });
      await expect(page.getByText('Password changed')).toBeVisible();
      await page.goto('/account/apikeys');
      await expect(heading(page, 'My API Keys')).toBeVisible();
      await signedOut(other);
      expect(session(await page.context().cookies())).not.toBe(session(before));
      expect((await keyport.api('GET', '/api/users/me', { key })).status).toBe(200);
      await other.goto('/sign-in');
      await fillSignIn(other, maya);
      await expect(other.getByText('Could not sign in')).toBeVisible();
      await signInByForm(other, { ...maya, password: next });
    });

    test('a password that can not be changed stays, and the form says why', async ({ page, keyport, another }) => {
      await signIn(page, maya);
      const cases = [
        { label: 'Current password', says: /current password/i, current: 'not her password at all', password: next },
        { label: 'New password', says: /at least 15 characters/, password: 'too short' },
        { label: 'New password', says: /repeats the same few characters/, password: 'aaaaaaaaaaaaaaaaaaaa' },
        { label: 'New password again', says: /two new passwords differ/, password: next, again: `${next}s` },
      ];
      for (const { label, says, current = maya.password, password, again } of cases) {
        keyport.keep(password);
        await change(page, { current, password, again });
        const field = page.getByLabel(label, { exact: true });
        await expect(page.getByRole('alert')).toBeVisible();
        if (javaScriptEnabled) await expect(page.getByRole('alert')).toBeFocused();
        await expect(field).toHaveAttribute('aria-invalid', 'true');
        await expect(field).toHaveAccessibleDescription(says);
        for (const name of ['Current password', 'New password', 'New password again']) {
          await expect(page.getByLabel(name, { exact: true })).toHaveValue('');
        }
      }
      await signIn(await another({ javaScriptEnabled }), maya);
    });
  });
});

async function change(page, { current, password, again = password }) {
  await page.goto('/account/password');
  await page.getByLabel('Current password').fill(current);
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('New password again').fill(again);
  await page.getByRole('button', { name: 'Change password' }).click();
}

const session = cookies => cookies.find(cookie => cookie.httpOnly)?.value;
