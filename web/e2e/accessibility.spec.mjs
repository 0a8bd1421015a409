// Every page and every state of it, in light and dark, wide and at 360 px: no
// findings by axe, and nothing that scrolls sideways.
import { findings } from './axe.mjs';
import { expect, maya, test } from './fixtures.mjs';
import { withMailbox } from './mailbox.mjs';
import { chooseCustomDate, expander, fillNewKey, fillSignIn, generate, heading, menu, newKey, openNewKey, revealed, row, save, signIn } from './pages.mjs';
import { device, setUpApp, totp } from './second-factors.mjs';

test.use({ contextOptions: { reducedMotion: 'reduce' } }); // colours in the middle of a transition have no contrast to judge

// audit looks at the page as it stands, in all four ways. In the dark nothing
// but the colours differs, so there only they are judged.
async function audit(page, state) {
  for (const [width, height] of [[1280, 800], [360, 740]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const only = colorScheme === 'dark' ? 'colours' : 'everything';
      expect.soft(await findings(page, only), `${state}, ${colorScheme}, ${width} px`).toEqual([]);
    }
    expect.soft(await page.evaluate(() => document.documentElement.scrollWidth), `${state}: width of the page in ${width} px`).toBeLessThanOrEqual(width);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

const sam = { username: 'sam', password: 'a lighthouse with two stairs' };

test.describe('before somebody is there', () => {
  test.use({ setUp: { admin: null }, refusals: [404, 422] });

  test('set-up', async ({ page, keyport }) => {
    await page.goto('/sign-in');
    await audit(page, 'sign-in before set-up');
    await page.goto('/setup?token=nonsense');
    await audit(page, 'set-up link that does not work');
    await page.goto(keyport.stdout.match(/http:\/\/\S+\/setup\?token=[A-Z0-9]+/)[0]);
    await audit(page, 'set-up');
    await page.getByLabel('User name').fill('vera');
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'set-up with errors');
  });
});

test.describe('', () => {
  test.use({ refusals: [403, 404, 422] });

  test('sign-in and errors', async ({ page, keyport }) => {
    await page.goto('/sign-in');
    await audit(page, 'sign-in');
    await fillSignIn(page, { username: 'nobody', password: 'nothing at all, really' });
    await expect(page.getByText('Could not sign in')).toBeVisible();
    await audit(page, 'sign-in refused');
    await keyport.person(sam);
    await signIn(page, sam);
    await page.goto('/nowhere');
    await audit(page, 'not found');
    await page.goto('/configuration/settings/authentication');
    await audit(page, 'forbidden');
    await page.goto('/account/apikeys');
    await page.getByRole('button', { name: /profile menu/ }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page.getByText('You are signed out')).toBeVisible();
    await audit(page, 'signed out');
  });

  test('the list', async ({ page, keyport }) => {
    await signIn(page, maya);
    await audit(page, 'empty list');
    const key = await keyport.apiKey(maya.username, 'Laptop scripts', '--expires', '8d');
    await keyport.apiKey(maya.username, 'Terraform provider', '--expires', '16d');
    await keyport.apiKey(maya.username, 'W'.repeat(200), '--expires', '100d');
    const gone = await keyport.apiKey(maya.username, 'Given up');
    const { body: me } = await keyport.api('GET', '/api/users/me', { key });
    const [made] = await keyport.keysOf(gone);
    await keyport.api('DELETE', `/api/users/${me.Id}/apikeys/${made.Id}`, { key });
    const soon = await keyport.api('POST', `/api/users/${me.Id}/apikeys`, { key, body: { Purpose: 'Over already', Expires: new Date(Date.now() + 1500).toISOString() } });
    keyport.keep(soon.body.ApiKey);
    await new Promise(resolve => setTimeout(resolve, 1600));
    await page.goto('/account/apikeys?status=all');
    await expect(row(page, 'Over already')).toContainText('Expired');
    await audit(page, 'list with keys of every status');
    await page.goto('/account/apikeys?q=nothing');
    await audit(page, 'list without matches');
    await page.goto('/account/apikeys?status=expired&q=&sort=purpose');
    await audit(page, 'list of expired keys');
    await page.goto('/account/apikeys');
    await menu(page);
    await audit(page, 'profile menu');
    await page.keyboard.press('Escape');
    await row(page, 'Laptop scripts').getByRole('link', { name: 'Revoke' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await audit(page, 'revoke dialog');
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await expect(page.getByText('“Laptop scripts” is revoked')).toBeVisible();
    await audit(page, 'list after revoking');
    const address = await row(page, 'Terraform provider').getByRole('link', { name: 'Revoke' }).getAttribute('href');
    await page.goto(address);
    await audit(page, 'revoke page');
    await page.goto('/account/apikeys');
    await row(page, 'Terraform provider').getByRole('link', { name: 'Rotate' }).click();
    await page.locator('label').filter({ hasText: 'Another number of days' }).click();
    await page.getByLabel('Days that the old key goes on').fill('31');
    await generate(page);
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'rotate with errors');
    await page.getByLabel('Days that the old key goes on').fill('3');
    await generate(page);
    await revealed(page, keyport);
    await page.goto('/account/apikeys');
    await row(page, 'Terraform provider').first().getByRole('link', { name: 'Terraform provider', exact: true }).click();
    await expect(page.getByRole('heading', { name: /^Who still calls/ })).toBeVisible();
    await audit(page, 'page of a rotated key');
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto('/account/apikeys');
    await page.getByRole('button', { name: 'Open navigation' }).click();
    await expect(page.locator('#side')).toBeVisible();
    expect.soft(await findings(page, 'everything'), 'navigation on a small screen').toEqual([]);
  });

  test('a long list', async ({ page, keyport }) => {
    const key = await keyport.apiKey(maya.username, 'Maker');
    const { body: me } = await keyport.api('GET', '/api/users/me', { key });
    for (let n = 0; n < 31; n++) {
      const made = await keyport.api('POST', `/api/users/${me.Id}/apikeys`, { key, body: { Purpose: `Worker ${n}` } });
      keyport.keep(made.body.ApiKey);
    }
    await signIn(page, maya);
    await page.getByRole('link', { name: 'Next' }).click();
    await expect(page.getByText('31 to 32 of 32')).toBeVisible();
    await audit(page, 'second page of the list');
  });

  test('a new key', async ({ page, keyport }) => {
    await signIn(page, maya);
    await openNewKey(page);
    await audit(page, 'new key');
    await chooseCustomDate(page);
    await expander(page, 'Limit this key');
    await audit(page, 'new key by date, with limits');
    await fillNewKey(page, { purpose: '', date: '2020-01-01' });
    await generate(page);
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'new key with errors');
    await newKey(page, keyport, { purpose: 'Release pipeline' });
    await audit(page, 'reveal');
  });

  test('users and the keys of others', async ({ page, keyport }) => {
    await keyport.run(['user', 'create', '--username', 'deploy-bot', '--display-name', 'Deploy bot', '--service-account']);
    await keyport.person(sam);
    await keyport.apiKey('sam', 'Laptop scripts', '--expires', '8d');
    await signIn(page, maya);
    await page.goto('/configuration/users');
    await audit(page, 'users');
    await page.goto('/configuration/users?q=nobody+at+all');
    await audit(page, 'users, none found');
    await page.goto('/configuration/users/new');
    await audit(page, 'new user');
    await page.getByRole('checkbox', { name: 'The user is a service account' }).check();
    await audit(page, 'new service account');
    await page.getByRole('button', { name: 'Create user' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'new user with errors');
    for (const [state, path] of Object.entries({ 'the own user': 'Users-1', 'service account': 'Users-2', person: 'Users-3', 'no keys of a service account': 'Users-2/apikeys', 'keys of a person': 'Users-3/apikeys', 'new key of a service account': 'Users-2/apikeys/new', 'deleting as a page': 'Users-3/deletion' })) {
      await page.goto(`/configuration/users/${path}`);
      await audit(page, state);
    }
    await page.goto('/configuration/users/Users-3');
    await page.getByLabel('User name').fill('Me');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'user with errors');
    await page.goto('/configuration/users/Users-3');
    await page.getByRole('link', { name: 'Deactivate' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await audit(page, 'deactivating in a dialog');
    await page.getByRole('button', { name: 'Deactivate' }).click();
    await expect(page.getByText('sam is deactivated')).toBeVisible();
    await expect(page.getByText('Refused on 1 of 1 replica after')).toBeVisible();
    await audit(page, 'deactivated user');
    await page.goto('/configuration/users/Users-3/receipt');
    await audit(page, 'receipt of a deactivated user');
    await page.goto('/configuration/tasks');
    await audit(page, 'tasks and replicas');
    await page.goto('/configuration/users/Users-3/apikeys');
    await audit(page, 'keys of a deactivated person');
    await page.goto('/configuration/users?status=inactive');
    await audit(page, 'deactivated users');
  });

  test('subscriptions', async ({ page }) => {
    await signIn(page, maya);
    await page.goto('/configuration/subscriptions');
    await audit(page, 'subscriptions');
    await page.getByRole('link', { name: 'New subscription' }).click();
    await audit(page, 'new subscription');
    await page.getByRole('button', { name: 'Create subscription' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'new subscription with errors');
    await page.getByLabel('Name', { exact: true }).fill('Keys that end');
    await page.getByLabel('Address').fill('https://hooks.example.com/keyport');
    await page.getByRole('button', { name: 'Create subscription' }).click();
    await expect(heading(page, 'Keys that end')).toBeVisible();
    await audit(page, 'subscription');
    await page.getByRole('button', { name: 'New webhook secret' }).click();
    await expect(page.getByText('Copy the new secret now')).toBeVisible();
    await audit(page, 'secret of a webhook');
    await page.goto('/configuration/subscriptions/Subscriptions-2/deletion');
    await audit(page, 'deleting a subscription');
    await page.goto('/unsubscribe?token=nonsense');
    await audit(page, 'a link in a mail that does not work');
  });

  test('the REST API and services', async ({ page }) => {
    await signIn(page, maya);
    await page.goto('/account/rest-api');
    await page.locator('#get-api-apikeys summary').click();
    await audit(page, 'REST API');
    await page.goto('/configuration/services/new');
    await page.getByLabel('Name').fill('billing');
    await page.getByRole('button', { name: 'Register service' }).click();
    await expect(heading(page, 'billing')).toBeVisible();
    await page.locator('summary', { hasText: 'HAProxy' }).click();
    await expect(page.locator('#haproxy-lua')).toBeVisible();
    await audit(page, 'service with a recipe');
    await page.goto('/configuration/services');
    await audit(page, 'services');
  });

  test('profile, password and sessions', async ({ page, another }) => {
    await signIn(await another(), maya);
    await signIn(page, maya);
    await page.goto('/account/profile');
    await audit(page, 'profile');
    await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByText('Time zone saved')).toBeVisible();
    await audit(page, 'profile saved');
    await page.goto('/account/password');
    await audit(page, 'password');
    await page.getByLabel('Current password').fill('not it');
    await page.getByLabel('New password', { exact: true }).fill('short');
    await page.getByLabel('New password again').fill('short');
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'password with errors');
    await page.goto('/account/sessions');
    await audit(page, 'sessions');
    await page.goto('/account/calendar');
    await page.getByRole('button', { name: 'Make an address for My API keys' }).click();
    await expect(page.getByRole('code').filter({ hasText: /\/calendar\/.*\.ics/ })).toBeVisible();
    await audit(page, 'calendar with a new address');
  });
});

test.describe('', () => {
  test.use({ refusals: [409, 422] });

  test('settings and what they switch off', async ({ page, keyport, another }) => {
    await keyport.apiKey(maya.username, 'Laptop scripts', '--expires', '300d');
    await signIn(page, maya);
    await page.goto('/configuration/settings/authentication');
    await expect(heading(page, 'Authentication')).toBeVisible();
    await audit(page, 'settings');
    const sections = ['API Key default expiry (days)', 'API Key maximum expiry (days)', 'User API Keys'];
    for (const name of sections) await expander(page, name);
    await page.getByLabel('Maximum expiry').fill('200');
    await expect(page.locator('#maximum-impact')).toContainText('1 existing key');
    await audit(page, 'settings, open and changed');

    const second = await another();
    await signIn(second, maya);
    await second.goto('/configuration/settings/authentication');
    await save(page);
    await expect(page.getByText('Settings saved')).toBeVisible();
    await audit(page, 'settings saved');
    await (await expander(second, sections[0])).getByLabel('Default expiry').fill('20');
    await save(second);
    await expect(second.getByRole('alert')).toBeVisible();
    await audit(second, 'settings that somebody else has saved');

    await (await expander(page, sections[0])).getByLabel('Default expiry').fill('1097');
    await save(page);
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'settings with errors');
    await page.getByLabel('Default expiry').fill('180');
    await (await expander(page, sections[2])).getByRole('radio', { name: /Only service accounts/ }).check();
    await save(page);
    await expect(page.getByText('Settings saved')).toBeVisible();
    await page.goto('/account/apikeys');
    await expect(page.locator('main')).toContainText('switched off');
    await audit(page, 'list while new keys are switched off');
  });
});

test.describe('', () => {
  test.use({ refusals: [422] });

  test('teams', async ({ page, keyport, another }) => {
    test.slow(); // seventeen states, each looked at in four ways
    await keyport.person(sam);
    await signIn(page, maya);
    await page.goto('/configuration/teams');
    await audit(page, 'teams');
    await page.goto('/configuration/teams/new');
    await audit(page, 'new team');
    await page.locator('label').filter({ hasText: 'one by one' }).click();
    await audit(page, 'new team with the permissions to choose from');
    await page.getByRole('button', { name: 'Create team' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'new team with errors');
    await page.getByLabel('Name').fill('W'.repeat(64));
    await page.getByLabel('Description').fill('W'.repeat(200));
    await page.getByRole('button', { name: 'Create team' }).click();
    await expect(page.getByText('Nobody is in this team yet.')).toBeVisible();
    await audit(page, 'team without members');
    await page.getByLabel('Add a member').fill('sa');
    await page.getByRole('button', { name: 'Add member' }).click();
    await expect(page.getByRole('list', { name: 'Did you mean one of these?' })).toBeVisible();
    await audit(page, 'team with a name typed in part');
    await page.getByRole('list', { name: 'Did you mean one of these?' }).getByRole('button', { name: 'Add' }).click();
    await expect(page.getByText('sam is in the team')).toBeVisible();
    await audit(page, 'team with a member');
    const address = new URL(page.url()).pathname;
    await page.getByRole('link', { name: 'Delete team' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await audit(page, 'delete dialog');
    await page.goto(`${address}/deletion`);
    await audit(page, 'delete page');
    await page.goto(`${address}?q=nobody`);
    await audit(page, 'members without a match');
    for (const name of ['Everyone', 'Keyport Administrators']) {
      await page.goto('/configuration/teams');
      await page.getByRole('link', { name }).click();
      await expect(heading(page, `${name} Built-in`)).toBeVisible();
      await audit(page, name);
    }
    await page.goto('/configuration/users/new');
    await page.getByLabel('User name').fill('deploy-bot');
    await page.getByLabel('The user is a service account').check();
    await page.getByLabel('Owner team').selectOption({ label: 'W'.repeat(64) });
    await page.getByRole('button', { name: 'Create user' }).click();
    await expect(page.getByText('deploy-bot is created')).toBeVisible();
    const member = await another({ reducedMotion: 'reduce' });
    await signIn(member, sam);
    await member.goto('/account/service-accounts');
    await audit(member, 'service accounts of my teams');
  });
});

test.describe('', () => {
  const people = [{ username: 'vera', secret: 'at the provider', name: 'Vera Ek', email: 'vera@example.com', groups: ['admins'] }, { username: 'eve', secret: 'there too', email: '' }];
  test.use({
    setUp: { people, env: { KEYPORT_OIDC_USERS: 'create', KEYPORT_OIDC_TEAMS: `admins=Keyport Administrators;cn=${'w'.repeat(120)},ou=groups=Platform`, KEYPORT_LOCAL_SIGN_IN: 'off' } },
    refusals: [403],
  });

  test('single sign-on', async ({ page }) => {
    const logIn = async ({ username, secret }) => {
      await page.getByRole('link', { name: /^Continue with/ }).click();
      await page.getByLabel('Name').fill(username);
      await page.getByLabel('Secret').fill(secret);
      await page.getByRole('button', { name: 'Log in' }).click();
    };
    await page.goto('/sign-in');
    await audit(page, 'sign-in without passwords');
    await logIn(people[1]);
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'single sign-on refused');
    await logIn(people[0]);
    await expect(heading(page, 'My API Keys')).toBeVisible();
    await page.goto('/configuration/settings/authentication');
    await expect(page.getByRole('region', { name: 'Single sign-on' })).toBeVisible();
    await audit(page, 'settings with single sign-on');
  });
});

test.describe('', () => {
  test.use({ setUp: { people: [] } });

  test('sign-in by password or single sign-on', async ({ page }) => {
    await page.goto('/sign-in');
    await audit(page, 'sign-in with both ways');
  });
});

const mailed = withMailbox(test);

mailed.describe('', () => {
  mailed.use({ refusals: [404, 422] });

  mailed('one-time links and forgotten passwords', async ({ page, keyport, mailbox, another }) => {
    await page.goto('/sign-in');
    await audit(page, 'sign-in with a way out');
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await audit(page, 'forgotten password');
    await page.getByRole('button', { name: 'Send the link' }).click();
    await audit(page, 'forgotten password with errors');
    await page.getByLabel('User name or e-mail').fill(maya.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await expect(heading(page, 'Look into your mailbox')).toBeVisible();
    await audit(page, 'forgotten password, sent');
    const letter = await mailbox.next();
    const [reset] = letter.text.match(/http:\S+/);
    keyport.keep(new URL(reset).searchParams.get('token'));
    await page.goto(reset);
    await audit(page, 'new password');
    await page.locator('main form').getByRole('button').click();
    await audit(page, 'new password with errors');
    await page.goto('/reset-password?token=nonsense');
    await audit(page, 'link that does not work');

    await signIn(page, maya);
    await page.goto('/configuration/users/new');
    await page.getByLabel('User name').fill('vera');
    await page.getByLabel('E-mail').fill('vera.lind@example.com');
    await page.getByRole('button', { name: 'Create user' }).click();
    await expect(page.getByRole('heading', { name: 'Invitation link' })).toBeVisible();
    await audit(page, 'person without a password');
    await page.getByRole('button', { name: 'Make an invitation link' }).click();
    await expect(heading(page, 'Invitation link')).toBeVisible();
    await audit(page, 'invitation link');
    const link = await page.getByRole('code').textContent();
    keyport.keep(new URL(link).searchParams.get('token'));
    const hers = await another();
    await hers.goto(link);
    await expect(heading(hers, 'Welcome, vera')).toBeVisible();
    await audit(hers, 'invitation');
    await hers.goto('/invitation?token=nonsense');
    await audit(hers, 'invitation that does not work');

    await hers.goto('about:blank');
    await hers.setContent((await mailbox.next()).html);
    await audit(hers, 'letter');
  });
});

test.describe('', () => {
  test.use({ refusals: [422] });

  test("everybody's keys, and revoking many", async ({ page, keyport }) => {
    await keyport.run(['user', 'create', '--username', 'release-bot', '--service-account']);
    for (const [user, purpose, life] of [[maya.username, 'Laptop scripts', '8d'], ['release-bot', 'W'.repeat(200), '16d'], ['release-bot', 'Deploy gate', '200d']]) {
      await keyport.apiKey(user, purpose, '--expires', life);
    }
    await signIn(page, maya);
    await page.goto('/configuration/apikeys');
    await expect(heading(page, 'API Keys')).toBeVisible();
    await audit(page, 'all keys');
    await page.getByText('Show as a table').click();
    await page.getByText('Dates and limits').click();
    await audit(page, 'all keys, everything open');
    await page.goto('/configuration/apikeys?purpose=nothing');
    await audit(page, 'all keys, none found');
    await page.goto('/configuration/apikeys?status=lost&ends-to=never&used=often&purpose=%00');
    await audit(page, 'all keys, filters refused');
    await page.goto('/configuration/apikeys?status=all');
    await row(page, 'Laptop scripts').getByRole('link', { name: /^Revoke/ }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await audit(page, 'all keys, revoke dialog');
    await page.goto('/configuration/apikeys/revocation?owner=release-bot');
    await audit(page, 'revoking many');
    await page.getByRole('button', { name: 'Revoke 2 keys' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'revoking many without a reason');
    await page.getByLabel('Reason').fill('Over');
    await page.getByRole('button', { name: 'Revoke 2 keys' }).click();
    await expect(page.getByText('2 keys revoked')).toBeVisible();
    await audit(page, 'many keys revoked');
  });
});

test.describe('', () => {
  test.use({ refusals: [422] });

  test('the audit trail', async ({ page, keyport }) => {
    await keyport.apiKey(maya.username, 'W'.repeat(200));
    await signIn(page, maya);
    await page.goto('/configuration/settings/smtp');
    await page.getByLabel('Host', { exact: true }).fill('127.0.0.1');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'mail server with errors');
    await page.getByLabel('Host', { exact: true }).fill('smtp.example.com');
    await page.getByLabel('User name').fill('keyport');
    await page.getByLabel('Password', { exact: true }).fill(keyport.keep('a kettle under 7 moons'));
    await page.getByLabel('Sender').fill('Keyport <keys@example.com>');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Settings saved')).toBeVisible();
    await page.goto('/configuration/settings/smtp');
    await audit(page, 'mail server');
    await page.goto('/configuration/settings/audit');
    await audit(page, 'audit retention');
    await page.getByLabel('Keep events for (days)').fill('0');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'audit retention with errors');
    await page.getByLabel('Keep events for (days)').fill('400');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Settings saved')).toBeVisible();
    await page.goto('/configuration/audit');
    for (const event of await page.locator('#audit summary').all()) await event.click();
    await page.getByText('Kinds, documents and keys').click();
    await audit(page, 'audit, everything open');
    await page.goto('/configuration/audit?who=nobody');
    await audit(page, 'audit, nothing found');
    await page.goto('/configuration/audit?group=lost&on-from=never');
    await audit(page, 'audit, filters refused');
  });
});

test.describe('', () => {
  test.use({ setUp: { host: 'localhost' }, refusals: [422, 429] });

  test('what people sign in with', async ({ page, keyport }) => {
    await device(page);
    await page.goto('/sign-in');
    await expect(page.getByRole('button', { name: 'Sign in with a passkey' })).toBeVisible();
    await audit(page, 'sign-in with passkeys');
    await signIn(page, maya);
    await page.goto('/account/sign-in');
    await audit(page, 'sign-in means, none');
    await page.getByRole('button', { name: 'Set up an app' }).click();
    await expect(heading(page, 'Set up an authenticator app')).toBeVisible();
    await audit(page, 'app');
    await page.getByRole('textbox', { name: 'Code' }).fill('000000');
    await page.getByRole('button', { name: 'Use this app' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'app with errors');
    await page.goto('/account/sign-in');
    await page.getByLabel('Name of the passkey').fill('Laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await expect(heading(page, 'Keep these recovery codes')).toBeVisible();
    await audit(page, 'recovery codes');
    (await page.locator('#codes').textContent()).trim().split('\n').forEach(code => keyport.keep(code));
    await page.goto('/account/sign-in');
    await page.getByRole('button', { name: 'Set up an app' }).click();
    const secret = keyport.keep((await page.locator('code').first().textContent()).trim());
    await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret));
    await page.getByRole('button', { name: 'Use this app' }).click();
    await expect(page.getByText('Your authenticator app is in use')).toBeVisible();
    await audit(page, 'sign-in means, all');
    await openNewKey(page);
    await fillNewKey(page, { purpose: 'Release pipeline' });
    await keyport.ageSignIns(20);
    await generate(page);
    await expect(heading(page, 'Confirm it’s you')).toBeVisible();
    await audit(page, 'confirmation');
    await page.getByLabel('Your password').fill('not it at all, not at all');
    await page.getByRole('button', { name: 'Confirm and continue' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await audit(page, 'confirmation with errors');

  });

  test('the second step, and waiting', async ({ page, keyport }) => {
    await signIn(page, maya);
    await setUpApp(page, keyport);
    await page.context().clearCookies();
    await page.goto('/sign-in');
    await fillSignIn(page, maya);
    await expect(heading(page, 'One more step')).toBeVisible();
    await audit(page, 'second step');
    for (let n = 0; n < 6; n++) {
      await page.getByRole('textbox', { name: 'Code' }).fill('000000');
      await page.getByRole('button', { name: 'Continue' }).click();
      await expect(page.getByRole('alert')).toBeVisible();
      if (n === 0) await audit(page, 'second step with errors');
    }
    await expect(page.getByRole('alert')).toContainText('too many attempts');
    await audit(page, 'second step, slowed down');
    for (let n = 0; n < 6; n++) {
      await page.goto('/sign-in');
      await fillSignIn(page, { username: 'nobody', password: `guess number ${n}` });
    }
    await expect(page.getByRole('alert')).toContainText('Too many attempts');
    await audit(page, 'sign-in, slowed down');
  });
});
