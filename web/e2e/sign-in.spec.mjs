// Signing in and out.
import fs from 'node:fs';
import path from 'node:path';
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { fillSignIn, heading, signIn, signOut } from './pages.mjs';

withAndWithoutScript(() => {
  test('whoever is not signed in is asked to, and then gets where he wanted', async ({ page }) => {
    await page.goto('/account/profile');
    await expect(heading(page, 'Sign in to Keyport')).toBeVisible();
    await fillSignIn(page, maya);
    await expect(heading(page, 'Profile')).toBeVisible();
  });

  test('signing out ends the session itself, not only the cookie', async ({ page, another }) => {
    await signIn(page, maya);
    const cookies = await page.context().cookies();
    await signOut(page);
    const thief = await another();
    await thief.context().addCookies(cookies);
    await thief.goto('/account/apikeys');
    await expect(heading(thief, 'Sign in to Keyport')).toBeVisible();
    await page.goBack();
    await page.reload();
    await expect(heading(page, 'Sign in to Keyport')).toBeVisible();
  });

  test.describe('', () => {
    test.use({ refusals: [422] });

    test('a wrong password and an unknown name get the same answer', async ({ page, keyport }) => {
      keyport.keep('a password that is not hers');
      const answers = [];
      for (const username of [maya.username, 'nobody-of-that-name', '‮admin', 'x'.repeat(300)]) {
        await page.goto('/sign-in');
        await fillSignIn(page, { username, password: 'a password that is not hers' });
        await expect(page.getByText('Could not sign in')).toBeVisible();
        await expect(page.getByLabel('Password')).toHaveValue('');
        answers.push(await page.locator('main').innerText());
      }
      expect(new Set(answers).size, answers.join('\n--\n')).toBe(1);
      await fillSignIn(page, maya);
      await expect(heading(page, 'My API Keys')).toBeVisible();
    });
  });
});

test('the session cookie is out of reach for scripts and other sites', async ({ page }) => {
  await signIn(page, maya);
  const ours = (await page.context().cookies()).filter(cookie => cookie.httpOnly);
  expect(ours.map(cookie => cookie.name).sort()).toEqual(['keyport', 'keyport-device']);
  for (const cookie of ours) {
    expect(cookie).toMatchObject({ sameSite: 'Lax', path: '/' });
    expect(await page.evaluate(() => document.cookie)).not.toContain(cookie.value);
  }
});

const hostile = fs.readFileSync(path.join(import.meta.dirname, 'return-paths.txt'), 'utf8').split('\n').filter(Boolean);

test('signing in never leads to another origin', async ({ page, keyport }) => {
  await signIn(page, maya);
  for (const line of hostile) {
    for (const value of [encodeURIComponent(line), encodeURI(line).replaceAll('#', '%23').replaceAll('&', '%26'), line.replace(/[^\x21-\x7e]|#/g, encodeURIComponent)]) {
      const answer = await page.request.get(`/sign-in?return=${value}`, { maxRedirects: 0 });
      onOurOrigin(answer, keyport, line);
    }
  }
});

test('the form leads to no other origin either', async ({ page, keyport, playwright }) => {
  const form = { username: maya.username, password: maya.password };
  for (const line of hostile) {
    const visitor = await playwright.request.newContext({ baseURL: keyport.url });
    onOurOrigin(await visitor.post('/sign-in', { form: { ...form, return: line }, maxRedirects: 0 }), keyport, line);
    await visitor.dispose();
  }
  await page.goto(`/sign-in?return=${encodeURIComponent('//evil.example')}`);
  await fillSignIn(page, maya);
  await expect(heading(page, 'My API Keys')).toBeVisible();
});

// onOurOrigin resolves the answer's Location as a browser would.
function onOurOrigin(answer, keyport, line) {
  expect(answer.status(), line).toBe(303);
  const location = answer.headers().location;
  expect(new URL(location, `${keyport.url}/sign-in`).origin, `${line} led to ${location}`).toBe(keyport.url);
  expect(location, line).toMatch(/^\/(?![\/\\])/);
}
