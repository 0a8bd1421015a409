// Single sign-on, against a real OpenID provider that runs beside the test.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { expander, fillSignIn, heading, menu, signIn, signOut } from './pages.mjs';

const people = [
  { username: 'maya.l', secret: 'at the provider 1', name: 'Maya Lindqvist', email: 'Maya.Lindqvist@example.com', groups: ['everybody'] },
  { username: 'vera', secret: 'at the provider 2', name: 'Vera Ek', email: 'vera@example.com', groups: ['admins'] },
  { username: 'eve', secret: 'at the provider 3', name: 'Eve', email: 'maya.lindqvist@example.com', verified: false },
];
const [mayaThere, vera, eve] = people;

const button = page => page.getByRole('link', { name: /^Continue with/ });

// signOn presses the button and logs in at the provider.
async function signOn(page, person) {
  await button(page).click();
  await expect(heading(page, 'Example Login')).toBeVisible();
  await logIn(page, person);
}

async function logIn(page, { username, secret }) {
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Secret').fill(secret);
  await page.getByRole('button', { name: 'Log in' }).click();
}

withAndWithoutScript(() => {
  test.describe('linking by verified address', () => {
    test.use({ setUp: { people }, refusals: [403] });

    test('leads through the provider to where one wanted', async ({ page }) => {
      await page.goto('/account/profile');
      await expect(button(page)).toHaveText('Continue with single sign-on');
      await signOn(page, mayaThere);
      await expect(heading(page, 'Profile')).toBeVisible();
      await expect((await menu(page)).getByText('maya', { exact: false }).first()).toBeVisible();
      await page.goto('/account/profile');
      await signOut(page);
      await page.goto('/account/apikeys');
      await expect(heading(page, 'Sign in to Keyport')).toBeVisible();
    });

    test('whoever has no account, or no verified address, stays out and is told why', async ({ page }) => {
      await page.goto('/sign-in');
      await signOn(page, vera);
      await expect(page.getByRole('alert')).toContainText('No account has the e-mail address vera@example.com');
      await signOn(page, eve);
      await expect(page.getByRole('alert')).toContainText('has not verified your e-mail address');
      await page.goto('/account/apikeys');
      await expect(heading(page, 'Sign in to Keyport')).toBeVisible();
      await fillSignIn(page, maya); // the other way in is still there
      await expect(heading(page, 'My API Keys')).toBeVisible();
    });

    test('who cancels there is told so here', async ({ page }) => {
      await page.goto('/sign-in');
      await button(page).click();
      await page.getByRole('button', { name: 'Cancel' }).click();
      await expect(page.getByRole('alert')).toContainText('or you cancelled there');
    });

    test('an answer counts once, and only in the browser that began', async ({ page, another }) => {
      await page.goto('/sign-in');
      await button(page).click();
      const answers = [];
      page.on('request', request => { if (request.url().includes('/sign-in/sso/callback')) answers.push(request.url()); });
      await logIn(page, mayaThere);
      await expect(heading(page, 'My API Keys')).toBeVisible();
      expect(answers).toHaveLength(1);
      const thief = await another();
      await thief.goto(answers[0]);
      await expect(thief.getByRole('alert')).toContainText('begun in another browser');
      await thief.goto('/account/apikeys');
      await expect(heading(thief, 'Sign in to Keyport')).toBeVisible();
      await page.goto(answers[0]);
      await expect(page.getByRole('alert')).toContainText('finished already');
    });
  });

  test.describe('creating accounts, groups and no local sign-in', () => {
    test.use({
      setUp: { people, env: { KEYPORT_OIDC_USERS: 'create', KEYPORT_OIDC_NAME: 'Example Login', KEYPORT_OIDC_TEAMS: 'admins=Keyport Administrators', KEYPORT_LOCAL_SIGN_IN: 'off' } },
      refusals: [403],
    });

    test('a new person gets an account and the teams of her groups', async ({ page, keyport }) => {
      await page.goto('/sign-in');
      await expect(page.getByLabel('Password')).toHaveCount(0);
      await expect(button(page)).toHaveText('Continue with Example Login');
      await signOn(page, vera);
      await expect(heading(page, 'My API Keys')).toBeVisible();
      await page.goto('/configuration/settings/authentication');
      const section = page.getByRole('region', { name: 'Single sign-on' });
      for (const words of [keyport.provider.issuer, `${keyport.url}/sign-in/sso/callback`, 'admins gives the team Keyport Administrators', 'an account is created']) {
        await expect(section).toContainText(words);
      }
      await expect(section.locator('input, button')).toHaveCount(0);
      await expander(page, 'User API Keys'); // and the rest of the page is as ever
    });

    test('a password opens nothing', async ({ page }) => {
      await page.goto('/sign-in');
      const answer = await page.request.post('/sign-in', { form: { username: maya.username, password: maya.password }, maxRedirects: 0 });
      expect(answer.status()).toBe(403);
      expect(await answer.text()).toContain('Use single sign-on.');
      await page.goto('/account/apikeys');
      await expect(heading(page, 'Sign in to Keyport')).toBeVisible();
    });
  });
});

test.describe('while the provider is away', () => {
  test.use({ setUp: { people }, refusals: [503] });

  test('Keyport runs, says so, and passwords work', async ({ page, keyport }) => {
    await keyport.provider.stop();
    await page.goto('/sign-in');
    await button(page).click();
    await expect(page.getByRole('alert')).toContainText("can't be reached at the moment");
    await signIn(page, maya);
  });
});
