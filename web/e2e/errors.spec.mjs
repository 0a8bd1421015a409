// What people see when something can't be shown or done.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { fillNewKey, generate, heading, openNewKey, row, signIn } from './pages.mjs';

const sam = { username: 'sam', password: 'a lighthouse with two stairs' };

withAndWithoutScript(javaScriptEnabled => {
  test.describe('', () => {
    test.use({ refusals: [404] });

    test('an address with a typing error', async ({ page }) => {
      await signIn(page, maya);
      expect((await page.goto('/account/apikey')).status()).toBe(404);
      await expect(heading(page, 'We could not find that page')).toBeVisible();
      await page.getByRole('link', { name: 'Go to My API Keys' }).click();
      await expect(heading(page, 'My API Keys')).toBeVisible();
    });

    test("somebody else's key is as good as absent", async ({ page, keyport, another }) => {
      await keyport.person(sam);
      await keyport.apiKey(maya.username, 'Laptop scripts');
      await signIn(page, maya);
      await row(page, 'Laptop scripts').getByRole('link', { name: 'Revoke' }).click();
      const path = await page.locator('form[action$="/revocation"]').getAttribute('action');
      const stranger = await another({ javaScriptEnabled });
      await signIn(stranger, sam);
      expect((await stranger.goto(path)).status()).toBe(404);
      const missing = path.replace(/apikeys-[a-z0-9]+/, id => `${id.slice(0, -1)}${id.endsWith('a') ? 'b' : 'a'}`);
      const words = await stranger.locator('h1, p.muted').allTextContents();
      expect((await stranger.goto(missing)).status()).toBe(404);
      expect(await stranger.locator('h1, p.muted').allTextContents()).toEqual(words);
    });
  });

  test.describe('', () => {
    test.use({ refusals: [403] });

    test('settings are for those who may change them', async ({ page, keyport }) => {
      await keyport.person(sam);
      await signIn(page, sam);
      await expect(page.getByRole('link', { name: 'Configuration' })).toHaveCount(0);
      expect((await page.goto('/configuration/settings/authentication')).status()).toBe(403);
      await expect(heading(page, 'You may not do this')).toBeVisible();
    });

    test('a form on another site can do nothing', async ({ page, keyport, browser }) => {
      const key = await keyport.apiKey(maya.username, 'Laptop scripts');
      await signIn(page, maya);
      const elsewhere = await browser.newContext({ javaScriptEnabled, storageState: await page.context().storageState() });
      const trap = await elsewhere.newPage();
      const site = `http://localhost:${keyport.port}`;
      await trap.route(`${site}/trap`, route => route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${keyport.url}/account/apikeys"><input name="purpose" value="Stolen"><input name="expiry" value="30"><button>Win a prize</button></form>`,
      }));
      await trap.goto(`${site}/trap`);
      const [answer] = await Promise.all([trap.waitForResponse(`${keyport.url}/account/apikeys`), trap.getByRole('button').click()]);
      expect(answer.status()).toBe(403);
      await expect(heading(trap, 'You may not do this')).toBeVisible();
      await elsewhere.close();
      expect((await keyport.keysOf(key)).map(made => made.Purpose)).toEqual(['Laptop scripts']);
    });
  });

  test.describe('', () => {
    test.use({ refusals: [401] });

    test('a form that is sent after the session has ended leads to the sign-in page', async ({ page, keyport }) => {
      await signIn(page, maya);
      await openNewKey(page);
      await fillNewKey(page, { purpose: 'Too late' });
      await page.context().clearCookies({ name: 'keyport' });
      await generate(page);
      await expect(heading(page, 'Sign in to Keyport')).toBeVisible();
      const key = await keyport.apiKey(maya.username, 'Probe');
      expect(await keyport.keysOf(key)).toHaveLength(1);
    });
  });
});

test.describe('', () => {
  test.use({ refusals: [403] });

  test('every form of a foreign origin is refused', async ({ page, keyport }) => {
    await signIn(page, maya);
    const foreign = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://localhost:${keyport.port}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example', 'hx-request': 'true' },
      {}, // a browser that says nothing must show the form's token
    ];
    const paths = ['/account/apikeys', '/account/apikeys/stored', '/account/password', '/account/time-zone', '/account/sessions/end-others', '/configuration/settings/authentication', '/sign-out'];
    for (const headers of foreign) {
      for (const path of paths) {
        const answer = await page.request.post(path, { headers, form: { purpose: 'Stolen', expiry: '30', zone: 'UTC' }, maxRedirects: 0 });
        expect(answer.status(), `${path} ${JSON.stringify(headers)}`).toBe(403);
      }
    }
    await page.reload();
    await expect(page.getByRole('heading', { name: 'No API keys yet' })).toBeVisible();
  });
});
