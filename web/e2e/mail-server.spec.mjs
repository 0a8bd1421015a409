// Configuration → Settings → SMTP: a mail server that an administrator chooses
// while Keyport runs.
import { expect, maya, test as base, withAndWithoutScript } from './fixtures.mjs';
import { Mailbox } from './mailbox.mjs';
import { heading, signIn } from './pages.mjs';

const test = base.extend({
  mailbox: async ({}, use) => {
    const box = await Mailbox.start();
    await use(box);
    await box.stop();
  },
  setUp: { env: { KEYPORT_EGRESS_ALLOW: '127.0.0.0/8' } },
  refusals: [422],
});

withAndWithoutScript(javaScriptEnabled => {
  test.use({ javaScriptEnabled });

  test('the chosen mail server takes a test mail and the next password link', async ({ page, mailbox, keyport, another }) => {
    await signIn(page, maya);
    await page.goto('/configuration/settings/smtp');
    await expect(heading(page, 'SMTP')).toBeVisible();
    await page.getByLabel('Host', { exact: true }).fill('127.0.0.1');
    await page.getByLabel('Port', { exact: true }).fill(String(mailbox.server.address().port));
    await page.locator('label').filter({ hasText: 'Only for a server that can\'t encrypt' }).click();
    await page.getByLabel('User name').fill('relay');
    await page.getByLabel('Password', { exact: true }).fill(keyport.keep('a kettle under 7 moons'));
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert')).toContainText('read on the way');
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
    await page.getByLabel('User name').fill('');
    await page.getByLabel('Sender').fill('Keyport <keys@example.com>');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Settings saved')).toBeVisible();
    await expect(page.getByText('Letters travel without encryption')).toBeVisible();

    await expect(page.getByLabel('Send it to')).toHaveValue(maya.email);
    await page.getByRole('button', { name: 'Send test mail' }).click();
    await expect(page.getByText('The mail server took the letter')).toBeVisible();
    const letter = await mailbox.next();
    expect(letter).toMatchObject({ from: 'keys@example.com', to: [maya.email], subject: 'Test mail from Keyport' });
    expect(letter.text).toContain(keyport.url);

    const somebody = await another({ javaScriptEnabled });
    await somebody.goto('/sign-in');
    await somebody.getByRole('link', { name: /[Ff]org/ }).click();
    await somebody.getByLabel('User name or e-mail').fill(maya.username);
    await somebody.locator('form button[type=submit]').click();
    expect((await mailbox.next()).text).toContain('/reset-password?token=');
  });
});
