// A key made and revoked without a mouse.
import { expect, maya, test } from './fixtures.mjs';
import { customDate, heading, preset, revealed, row, words } from './pages.mjs';

// tabTo presses Tab until an element has the focus, and sees to it that the
// focus can be seen wherever it stops on the way.
async function tabTo(page, target, key = 'Tab') {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press(key);
    const focused = page.locator(':focus');
    if (await focused.count() === 0) continue; // the browser's own controls
    const visible = await focused.evaluate(element => {
      const boxes = [element, element.closest('label'), element.closest('.chip')].filter(Boolean);
      return boxes.some(box => {
        const style = getComputedStyle(box);
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none';
      });
    });
    expect(visible, `the focus on ${await focused.evaluate(element => element.outerHTML.slice(0, 120))} can be seen`).toBe(true);
    if (await target.evaluate(element => element === document.activeElement)) return;
  }
  throw new Error(`Tab never reached ${target}`);
}

// signInByKeyboard waits for the focus before it types: what is typed while
// the page is still loading would be lost, and the name with it.
async function signInByKeyboard(page) {
  await page.goto('/sign-in');
  const name = page.getByLabel('User name');
  await expect(name).toBeFocused();
  await page.keyboard.type(maya.username);
  await expect(name).toHaveValue(maya.username);
  await tabTo(page, page.getByLabel('Password'));
  await page.keyboard.type(maya.password);
  await page.keyboard.press('Enter');
  await expect(heading(page, 'My API Keys')).toBeVisible();
}

test('sign in, make a key by preset, store it, revoke it', async ({ page, keyport }) => {
  await signInByKeyboard(page);

  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('link', { name: 'New API key' }));
  await page.keyboard.press('Enter');
  await expect(heading(page, 'New API key')).toBeVisible();

  await tabTo(page, page.getByLabel('Purpose'));
  await page.keyboard.type('By keyboard');
  await tabTo(page, preset(page, 180));
  await page.keyboard.press('ArrowLeft');
  await expect(preset(page, 90)).toBeChecked();
  await tabTo(page, page.getByRole('button', { name: 'Generate new' }));
  await page.keyboard.press('Space');

  const key = await revealed(page, keyport);
  await expect(heading(page, 'Copy your new key now')).toBeFocused();
  await tabTo(page, page.getByRole('button', { name: 'I have stored it' }));
  await page.keyboard.press('Enter');
  await expect(row(page, 'By keyboard')).toContainText('In 90 days');

  await tabTo(page, row(page, 'By keyboard').getByRole('link', { name: 'Revoke' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: 'Keep key' })).toBeFocused();
  await tabTo(page, page.getByRole('button', { name: 'Revoke key' }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('“By keyboard” is revoked')).toBeVisible();
  expect((await keyport.api('GET', '/api/users/me', { key })).status).toBe(401);
});

test('a custom date, the profile menu and the settings', async ({ page, keyport }) => {
  await signInByKeyboard(page);

  const button = page.getByRole('button', { name: /profile menu/ });
  await tabTo(page, button);
  await page.keyboard.press('Enter');
  await tabTo(page, page.locator('#profile-menu').getByRole('link', { name: 'My API Keys' }));
  await page.keyboard.press('Escape');
  await expect(page.locator('#profile-menu')).toBeHidden();
  await expect(button).toBeFocused();

  await tabTo(page, page.getByRole('link', { name: 'New API key' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByLabel('Purpose'));
  await page.keyboard.type('Until a date');
  await tabTo(page, preset(page, 180));
  for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowDown');
  await expect(customDate(page)).toBeChecked();
  await tabTo(page, page.getByLabel('Expiry date'));
  const proposed = await page.getByLabel('Expiry date').inputValue();
  await page.keyboard.press('ArrowUp'); // a day or a month later: browsers differ in which comes first
  const date = await page.getByLabel('Expiry date').inputValue();
  expect(date > proposed, `${date} is later than ${proposed}`).toBe(true);
  await page.keyboard.press('Enter');
  await revealed(page, keyport);
  await expect(page.locator('main')).toContainText(words(date));

  await page.goto('/configuration/settings/authentication');
  const summary = page.locator('summary').first();
  await tabTo(page, summary);
  await page.keyboard.press('Space');
  await tabTo(page, page.getByLabel('Default expiry'));
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('90');
  await tabTo(page, page.getByRole('button', { name: 'Save', exact: true }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('Settings saved')).toBeVisible();
  await expect(summary).toContainText('90 days');
});
