// Configuration → Teams, and the service accounts that a team owns.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { fillNewKey, generate, heading, revealed, row, signIn } from './pages.mjs';

const sam = { username: 'sam.okafor', password: 'a lighthouse with two stairs' };

// newTeam makes a team and stays on its page. fill adds to the form.
async function newTeam(page, name, fill = () => {}) {
  await page.goto('/configuration/teams');
  await page.getByRole('link', { name: 'New team' }).click();
  await page.getByLabel('Name').fill(name);
  await fill();
  await page.getByRole('button', { name: 'Create team' }).click();
  await expect(heading(page, name)).toBeVisible();
}

async function addMember(page, username) {
  await page.getByLabel('Add a member').fill(username);
  await page.getByRole('button', { name: 'Add member' }).click();
}

// side is the navigation beside the page.
const side = page => page.locator('#side');
const members = page => page.getByRole('list', { name: 'Members' }).getByRole('listitem');
const box = (page, permission) => page.getByRole('checkbox', { name: new RegExp(`^${permission}\\b`) });
const preset = (page, name) => page.locator('label').filter({ has: page.getByRole('radio', { name: new RegExp(`^${name}\\b`) }) });

withAndWithoutScript(javaScriptEnabled => {
  test.describe('', () => {
    test.use({ refusals: [403, 422] });

    test('an auditor is one click, looks at everything, and loses it at once', async ({ page, keyport, another }) => {
      await keyport.person(sam);
      await signIn(page, maya);
      await newTeam(page, 'Auditors', () => preset(page, 'Auditor').click());
      await expect(page.getByText('Nobody is in this team yet.')).toBeVisible();
      await addMember(page, 'okafor');
      await expect(page.getByRole('alert')).toContainText('No user has exactly this user name');
      await expect(page.getByLabel('Add a member')).toHaveValue('okafor');
      await page.getByRole('list', { name: 'Did you mean one of these?' }).getByRole('button', { name: 'Add' }).click();
      await expect(page.getByText('sam.okafor is in the team')).toBeVisible();
      await expect(members(page)).toHaveCount(1);

      const auditor = await another({ javaScriptEnabled });
      await signIn(auditor, sam);
      await auditor.goto('/configuration/teams');
      await expect(auditor.getByRole('link', { name: 'New team' })).toHaveCount(0);
      await expect(row(auditor, 'Auditors')).toContainText('UserView, TeamView, EventView, SubscriptionView');
      await auditor.getByRole('link', { name: 'Auditors' }).click();
      await expect(auditor.locator('main').getByRole('button')).toHaveCount(0);
      await expect(side(auditor).getByRole('link', { name: 'Authentication' })).toHaveCount(0);
      expect((await auditor.goto('/configuration/teams/new')).status()).toBe(403);

      await members(page).getByRole('button', { name: 'Remove' }).click();
      await expect(page.getByText('sam.okafor is out of the team')).toBeVisible();
      expect((await auditor.goto('/configuration/teams')).status()).toBe(403);
    });

    test('what is wrong with a team stands beside its field, and nothing typed is lost', async ({ page }) => {
      await signIn(page, maya);
      await page.goto('/configuration/teams/new');
      await page.getByLabel('Name').fill('everyone');
      await page.getByLabel('Description').fill('All of us');
      await preset(page, 'Choose').click();
      await box(page, 'EventView').check();
      await page.getByRole('button', { name: 'Create team' }).click();
      await expect(page.getByRole('alert')).toContainText('There is already a team with the name everyone');
      await expect(page.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
      await expect(page.getByLabel('Description')).toHaveValue('All of us');
      await expect(box(page, 'EventView')).toBeChecked();
      await page.getByLabel('Name').fill('Night shift');
      await page.getByLabel('Name').press('Enter');
      await expect(heading(page, 'Night shift')).toBeVisible();
      await expect(box(page, 'EventView')).toBeChecked();
    });
  });

  test('a team gets other permissions and another name, and is deleted after a question', async ({ page }) => {
    await signIn(page, maya);
    await newTeam(page, 'Platform');
    await expect(box(page, 'UserEdit')).toBeHidden();
    await preset(page, 'Choose').click();
    await box(page, 'UserEdit').check();
    await page.getByLabel('Name').fill('Platform people');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('The team Platform people is saved')).toBeVisible();
    await expect(box(page, 'UserView')).toBeChecked(); // comes along
    await page.getByRole('link', { name: 'Delete team' }).click();
    await expect(page.getByText('lose at once')).toBeVisible();
    await page.getByRole('link', { name: 'Keep team' }).click();
    await page.getByRole('link', { name: 'Delete team' }).click();
    await page.getByRole('button', { name: 'Delete team' }).click();
    await expect(page.getByText('The team Platform people is deleted')).toBeVisible();
    await expect(row(page, 'Platform people')).toHaveCount(0);
  });

  test('the last administrator can not be removed', async ({ page }) => {
    await signIn(page, maya);
    await page.goto('/configuration/teams');
    await page.getByRole('link', { name: 'Keyport Administrators' }).click();
    await expect(page.getByText('Administrators hold every permission')).toBeVisible();
    await expect(members(page)).toHaveCount(1);
    await expect(members(page).getByRole('button')).toHaveCount(0);
    await expect(page.getByRole('link', { name: 'Delete team' })).toHaveCount(0);
  });

  test('a member of the owner team makes and revokes the keys of the account', async ({ page, keyport, another }) => {
    await keyport.person(sam);
    await signIn(page, maya);
    await newTeam(page, 'Platform');
    await addMember(page, sam.username);
    await expect(members(page)).toHaveCount(1);
    await page.goto('/configuration/users/new');
    await page.getByLabel('User name').fill('deploy-bot');
    await page.getByLabel('The user is a service account').check();
    await page.getByLabel('Owner team').selectOption('Platform');
    await page.getByRole('button', { name: 'Create user' }).click();
    await expect(page.getByText('deploy-bot is created')).toBeVisible();

    const member = await another({ javaScriptEnabled });
    await signIn(member, sam);
    await side(member).getByRole('link', { name: 'Service accounts of my teams' }).click();
    await expect(heading(member, 'Service accounts of my teams')).toBeVisible();
    await expect(member.locator('main').getByRole('listitem')).toContainText('Owned by Platform');
    await member.locator('main').getByRole('link', { name: 'deploy-bot' }).click();
    await member.getByRole('link', { name: 'New API key' }).first().click();
    await fillNewKey(member, { purpose: 'Release pipeline' });
    await generate(member);
    const key = await revealed(member, keyport);
    const me = await keyport.api('GET', '/api/users/me', { key });
    expect(me.body.Username).toBe('deploy-bot');
    await member.getByRole('button', { name: 'I have stored it' }).click();
    await row(member, 'Release pipeline').getByRole('link', { name: 'Revoke' }).click();
    await member.getByRole('button', { name: 'Revoke key' }).click();
    await expect(member.getByText('“Release pipeline” is revoked')).toBeVisible();
    expect((await keyport.api('GET', '/api/users/me', { key })).status).toBe(401);

    await page.goto('/configuration/teams');
    await page.getByRole('link', { name: 'Platform' }).click();
    await page.getByRole('link', { name: 'Delete team' }).click();
    await page.getByRole('button', { name: 'Delete team' }).click();
    await expect(page.getByText('owns service accounts')).toBeVisible();
  });
});
