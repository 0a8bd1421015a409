// A key ends, a letter says so, and its reader ends these letters and brings them
// back.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { withMailbox } from './mailbox.mjs';
import { heading, newKey, signIn } from './pages.mjs';

const mailed = withMailbox(test);
const days = n => n * 24 * 60;

withAndWithoutScript(() => {
  mailed('a letter tells of a key that ends, until its reader wants no more', async ({ page, keyport, mailbox, another }) => {
    await signIn(page, maya);
    await newKey(page, keyport, { purpose: 'Nightly backup', days: 30 });
    await keyport.past('api_keys', { created_at: days(21), expires_at: days(21), notice_at: days(21) }); // nine days are left
    await page.goto('/configuration/tasks');
    await page.getByRole('button', { name: 'Run now' }).click();
    await expect(page.getByText('1 key ends within 10 days').first()).toBeVisible();

    const letter = await mailbox.next();
    expect(letter).toMatchObject({ to: [maya.email], from: 'keys@example.com' });
    expect(letter.text).toContain('Nightly backup');
    const links = letter.text.match(/https?:\S+/g);
    await page.goto(links.find(link => link.endsWith('/rotation')));
    await expect(heading(page, 'Rotate “Nightly backup”')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Generate new' })).toBeVisible();

    const reader = await another(); // a mail program's browser knows nobody
    await reader.goto(links.find(link => link.includes('/unsubscribe?token=')));
    await reader.getByRole('button', { name: 'Get no more of these' }).click();
    await expect(heading(reader, 'You get no more of these')).toBeVisible();
    await page.goto('/account/profile');
    await page.getByRole('button', { name: 'Switch this mail on' }).click();
    await expect(page.getByText('You get mail when your keys end')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Switch this mail off' })).toBeVisible();
  });
});
