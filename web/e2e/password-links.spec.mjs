// One-time links: an invitation that is copied, one that is mailed, and a
// forgotten password.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { withMailbox } from './mailbox.mjs';
import { fillSignIn, heading, signIn, signOut } from './pages.mjs';

const vera = { username: 'vera', name: 'Vera Lind', email: 'vera.lind@example.com', password: 'a lantern under the pier' };
const renewed = 'seven quiet boats at noon';

const mailed = withMailbox(test);

async function create(page, { username, name, email }) {
  await page.goto('/configuration/users/new');
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Display name').fill(name);
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Create user' }).click();
  await expect(page.getByRole('heading', { name: 'Invitation link' })).toBeVisible();
}

// shownLink returns the link that the page reveals, and keeps its token from
// being found anywhere else.
async function shownLink(page, keyport, title) {
  await expect(heading(page, title)).toBeVisible();
  const link = await page.getByRole('code').textContent();
  expect(link).toMatch(new RegExp(`^${keyport.url}/[a-z-]+\\?token=[A-Z0-9]{26}$`));
  keyport.keep(new URL(link).searchParams.get('token'));
  return link;
}

async function choose(page, password, again = password) {
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('Password again').fill(again);
  await page.locator('main form').getByRole('button').click();
}

withAndWithoutScript(javaScriptEnabled => {
  test.describe('', () => {
    test.use({ refusals: [404, 422] });

    test('an invitation is copied, passed on and used once', async ({ page, context, keyport, another }) => {
      keyport.keep(vera.password);
      if (javaScriptEnabled) await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await signIn(page, maya);
      await create(page, vera);
      await page.getByRole('button', { name: 'Make an invitation link' }).click();
      const first = await shownLink(page, keyport, 'Invitation link');
      if (javaScriptEnabled) {
        await page.getByRole('button', { name: 'Copy the link' }).click();
        expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(first);
      }
      await page.getByRole('button', { name: 'Make a new link' }).click();
      await expect(page.getByRole('code')).not.toHaveText(first);
      const link = await shownLink(page, keyport, 'Invitation link');
      await page.getByRole('button', { name: 'Done' }).click();
      await expect(heading(page, 'Vera Lind')).toBeVisible();
      await expect(page.locator('main')).not.toContainText('token=');

      const hers = await another();
      expect((await hers.goto(first)).status()).toBe(404);
      await expect(hers.getByLabel('Password', { exact: true })).toHaveCount(0);
      await hers.goto(link);
      await expect(heading(hers, 'Welcome, Vera Lind')).toBeVisible();
      await choose(hers, 'sunshinesunshine');
      await expect(hers.getByRole('alert')).toBeFocused();
      await expect(hers.locator('#password-error')).toContainText('attackers try first');
      await choose(hers, vera.password, 'something else entirely');
      await expect(hers.locator('#again-error')).toBeVisible();
      await choose(hers, vera.password);
      await expect(heading(hers, 'My API Keys')).toBeVisible();
      await signOut(hers);
      await signIn(hers, vera);
      expect((await (await another()).goto(link)).status()).toBe(404);
    });

    test('an invitation of somebody who was deactivated opens nothing', async ({ page, keyport, another }) => {
      await signIn(page, maya);
      await create(page, vera);
      await page.getByRole('button', { name: 'Make an invitation link' }).click();
      const link = await shownLink(page, keyport, 'Invitation link');
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('link', { name: 'Deactivate' }).click();
      await page.getByRole('button', { name: 'Deactivate' }).click();
      await expect(page.getByRole('button', { name: 'Reactivate' })).toBeVisible();
      await expect(page.getByRole('heading', { name: 'Invitation link' })).toHaveCount(0);
      expect((await (await another()).goto(link)).status()).toBe(404);
      await page.getByRole('button', { name: 'Reactivate' }).click();
      await expect(page.getByRole('link', { name: 'Deactivate' })).toBeVisible();
      expect((await (await another()).goto(link)).status()).toBe(404);
    });

    test('an administrator helps somebody who has forgotten the password', async ({ page, keyport, another }) => {
      keyport.keep(renewed);
      await keyport.person(vera);
      const hers = await another();
      await signIn(hers, vera);
      await signIn(page, maya);
      await page.goto('/configuration/users');
      await page.getByRole('link', { name: 'vera', exact: true }).click();
      await page.getByRole('button', { name: 'Make a reset link' }).click();
      const link = await shownLink(page, keyport, 'Password reset link');
      const elsewhere = await another();
      await elsewhere.goto(link);
      await choose(elsewhere, renewed);
      await expect(elsewhere.getByText('Your password is changed')).toBeVisible();
      await hers.goto('/account/apikeys');
      await expect(heading(hers, 'Sign in to Keyport')).toBeVisible();
      await fillSignIn(hers, vera);
      await expect(hers.getByText('Could not sign in')).toBeVisible();
      await fillSignIn(hers, { ...vera, password: renewed });
      await expect(heading(hers, 'My API Keys')).toBeVisible();
    });

    test('without a mail server nobody is promised a mail', async ({ page }) => {
      await page.goto('/sign-in');
      await expect(page.getByRole('link', { name: 'Forgot your password?' })).toHaveCount(0);
      expect((await page.goto('/forgot-password')).status()).toBe(404);
    });
  });

  mailed.describe('', () => {
    mailed.use({ refusals: [404, 422] });

    mailed('an invitation goes out by mail as well', async ({ page, keyport, mailbox, another }) => {
      keyport.keep(vera.password);
      await signIn(page, maya);
      await create(page, vera);
      await page.getByRole('button', { name: 'Make an invitation link' }).click();
      const link = await shownLink(page, keyport, 'Invitation link');
      await expect(page.locator('main')).toContainText(vera.email);
      const letter = await mailbox.next();
      expect(letter).toMatchObject({ to: [vera.email], from: 'keys@example.com', subject: 'You are invited to Keyport' });
      expect(letter.text).toContain(link);
      const hers = await another();
      await hers.goto(link);
      await choose(hers, vera.password);
      await expect(heading(hers, 'My API Keys')).toBeVisible();
    });

    mailed('a forgotten password is replaced by a link that is mailed', async ({ page, keyport, mailbox, another }) => {
      keyport.keep(renewed);
      const elsewhere = await another();
      await signIn(elsewhere, maya);
      await page.goto('/sign-in');
      await page.getByRole('link', { name: 'Forgot your password?' }).click();
      await page.getByRole('button', { name: 'Send the link' }).click();
      await expect(page.getByRole('alert')).toBeFocused();
      for (const login of ['somebody.else@example.com', 'nobody', maya.email.toUpperCase()]) {
        await page.goto('/forgot-password');
        await page.getByLabel('User name or e-mail').fill(login);
        await page.getByRole('button', { name: 'Send the link' }).click();
        await expect(heading(page, 'Look into your mailbox')).toBeVisible();
        await expect(page.locator('main')).not.toContainText(login);
      }
      const letter = await mailbox.next();
      expect(letter).toMatchObject({ to: [maya.email], subject: 'Choose a new password for Keyport' });
      const [link] = letter.text.match(/http:\S+/);
      keyport.keep(new URL(link).searchParams.get('token'));
      expect(link.startsWith(`${keyport.url}/reset-password?token=`)).toBe(true);
      expect(letter.html).toContain(link);
      await page.goto(link);
      await expect(heading(page, 'Choose a new password')).toBeVisible();
      await choose(page, renewed);
      await expect(page.getByText('Your password is changed')).toBeVisible();
      await fillSignIn(page, { username: maya.username, password: renewed });
      await expect(heading(page, 'My API Keys')).toBeVisible();
      await elsewhere.goto('/account/apikeys');
      await expect(heading(elsewhere, 'Sign in to Keyport')).toBeVisible();
      expect((await page.goto(link)).status()).toBe(404);
      expect(mailbox.letters).toEqual([]);
    });
  });
});
