// The first run: nobody but the reader of standard output becomes the first
// administrator.
import { expect, test, withAndWithoutScript } from './fixtures.mjs';
import { heading, menu, signIn, signOut } from './pages.mjs';

test.use({ setUp: { admin: null } });

const vera = { username: 'vera', name: 'Vera Lindqvist', email: 'vera@example.com', password: 'a lantern under the pier' };

async function fillSetup(page, { username, name, email, password }) {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.locator('main form').getByRole('button').click();
}

function linkOf(keyport) {
  const [link] = keyport.stdout.match(/http:\/\/\S+\/setup\?token=[A-Z0-9]+/) ?? [];
  expect(link, `a set-up link on standard output:\n${keyport.stdout}`).toBeTruthy();
  expect(keyport.log).not.toContain(new URL(link).searchParams.get('token'));
  return link;
}

withAndWithoutScript(() => {
  test.describe('', () => {
    test.use({ refusals: [404] });

    test('the set-up link makes the first administrator, once', async ({ page, keyport, another }) => {
      keyport.keep(vera.password);
      const link = linkOf(keyport);
      await page.goto(link);
      await fillSetup(page, vera);
      await expect(heading(page, 'My API Keys')).toBeVisible();
      await expect((await menu(page)).getByText('Vera Lindqvist')).toBeVisible();
      await page.goto('/configuration/settings/authentication');
      await expect(heading(page, 'Authentication')).toBeVisible();

      const stranger = await another();
      expect((await stranger.goto(link)).status()).toBe(404);
      await expect(stranger.getByLabel('Password')).toHaveCount(0);
      await signOut(page);
      await signIn(page, vera);
    });

    test('of two people with the link only the first gets in', async ({ page, keyport, another }) => {
      keyport.keep(vera.password);
      const link = linkOf(keyport);
      const second = await another();
      await page.goto(link);
      await second.goto(link);
      await fillSetup(page, vera);
      await expect(heading(page, 'My API Keys')).toBeVisible();
      await fillSetup(second, { ...vera, username: 'walter', email: 'walter@example.com' });
      await expect(second.getByLabel('Password')).toHaveCount(0);
      await second.goto('/account/apikeys');
      await expect(heading(second, 'Sign in to Keyport')).toBeVisible();
    });

    test('a wrong link opens nothing', async ({ page, keyport }) => {
      const link = new URL(linkOf(keyport));
      const token = link.searchParams.get('token');
      for (const wrong of ['', 'A'.repeat(token.length), token.slice(0, -1), `${token}A`, token.toLowerCase()]) {
        link.searchParams.set('token', wrong);
        expect((await page.goto(link.href)).status(), `token ${wrong}`).toBe(404);
        await expect(page.getByLabel('Password')).toHaveCount(0);
      }
    });
  });

  test.describe('', () => {
    test.use({ refusals: [422] });

    test('a form that can not be accepted comes back with its values and says why', async ({ page, keyport }) => {
      keyport.keep('too short');
      await page.goto(linkOf(keyport));
      await fillSetup(page, { ...vera, password: 'too short' });
      await expect(page.getByRole('alert')).toBeFocused();
      await expect(page.getByLabel('Password')).toHaveAttribute('aria-invalid', 'true');
      await expect(page.getByLabel('Password')).toHaveValue('');
      await expect(page.getByLabel('User name')).toHaveValue('vera');
      await expect(page.locator('main')).toContainText('Use at least 15 characters.');
      keyport.keep(vera.password);
      await fillSetup(page, vera);
      await expect(heading(page, 'My API Keys')).toBeVisible();
    });
  });
});

test('until then the sign-in page says where the link is', async ({ page }) => {
  await page.goto('/account/apikeys');
  await expect(page.getByText('Keyport is not set up yet')).toBeVisible();
});
