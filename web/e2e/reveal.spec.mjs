// The page that shows a new key: once, straight from the form, and never again.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { fillNewKey, generate, heading, newKey, openNewKey, revealed, signIn, stored } from './pages.mjs';

withAndWithoutScript(javaScriptEnabled => {
  test('the page holds ready-made lines, and names the key in one of them only', async ({ page, keyport }) => {
    await signIn(page, maya);
    const key = await newKey(page, keyport, { purpose: 'Lines' });
    const lines = page.locator('pre');
    await expect(lines.filter({ hasText: `KEYPORT_API_KEY=${key}` })).toContainText(`KEYPORT_URL=${keyport.url}`);
    await expect(lines.filter({ hasText: 'curl' })).toContainText('X-Octopus-ApiKey: $KEYPORT_API_KEY');
    await expect(lines.filter({ hasText: 'curl' })).not.toContainText(key);
  });

  test('reload and Back make no second key and show no secret', async ({ page, keyport }) => {
    await signIn(page, maya);
    const key = await newKey(page, keyport, { purpose: 'Only once' });
    await page.reload();
    await showsNot(page, key);
    await through(page, 'goBack');
    await showsNot(page, key);
    await through(page, 'goForward');
    await showsNot(page, key);
    expect(await purposes(keyport, key)).toEqual(['Only once']);
  });

  test('Back after "I have stored it" shows no secret', async ({ page, keyport }) => {
    await signIn(page, maya);
    const key = await newKey(page, keyport, { purpose: 'Stored' });
    await stored(page);
    await through(page, 'goBack');
    await showsNot(page, key);
    await through(page, 'goBack');
    await showsNot(page, key);
    expect(await purposes(keyport, key)).toEqual(['Stored']);
  });

  test('the same form in a second tab makes no second key', async ({ page, keyport }) => {
    await signIn(page, maya);
    await openNewKey(page);
    const second = await page.context().newPage();
    await second.goto(page.url());
    const formID = await page.locator('input[name=form_id]').inputValue();
    await second.locator('input[name=form_id]').evaluate((input, value) => { input.value = value; }, formID);
    await fillNewKey(page, { purpose: 'First tab' });
    await generate(page);
    const key = await revealed(page, keyport);
    await fillNewKey(second, { purpose: 'Second tab' });
    await generate(second);
    await expect(second.getByText('No second key was made')).toBeVisible();
    await showsNot(second, key);
    expect(await purposes(keyport, key)).toEqual(['First tab']);
  });

  test('a double click makes one key', async ({ page, keyport }) => {
    await signIn(page, maya);
    await openNewKey(page);
    await fillNewKey(page, { purpose: 'Double click' });
    await page.getByRole('button', { name: 'Generate new' }).dblclick();
    await expect(heading(page, 'Copy your new key now').or(page.getByText('No second key was made'))).toBeVisible();
    const probe = await keyport.apiKey(maya.username, 'Probe');
    const made = (await purposes(keyport, probe)).filter(purpose => purpose !== 'Probe');
    expect(made).toEqual(['Double click']);
  });

  if (!javaScriptEnabled) return;

  test('nothing of it is left in the browser', async ({ page, keyport }) => {
    await signIn(page, maya);
    const key = await newKey(page, keyport, { purpose: 'No trace' });
    const left = await page.evaluate(async () => JSON.stringify([
      { ...localStorage }, { ...sessionStorage }, history.state, document.cookie, location.href, document.title,
      await indexedDB.databases(), await caches.keys(),
    ]));
    expect(left).not.toContain(key.slice(4, 12));
    await stored(page);
    expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain(key.slice(4, 12));
  });

  test('the copy button copies, and says so only then', async ({ page, context, keyport }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await signIn(page, maya);
    const key = await newKey(page, keyport, { purpose: 'Copied' });
    const copy = page.locator('.key').getByRole('button');
    await expect(copy).toHaveAccessibleName('Copy the key');
    await copy.click();
    await expect(copy).toHaveAccessibleName('Copied');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  });

  test('without the clipboard it claims nothing and selects the key', async ({ page, keyport }) => {
    await page.addInitScript(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('Write permission denied.', 'NotAllowedError'));
    });
    await signIn(page, maya);
    const key = await newKey(page, keyport, { purpose: 'Not copied' });
    const copy = page.locator('.key').getByRole('button');
    await copy.click();
    await expect(page.getByText('Could not copy')).toBeVisible();
    await expect(copy).toHaveAccessibleName('Copy the key');
    expect(await page.evaluate(() => getSelection().toString().trim())).toBe(key);
  });
});

// through moves in the browser's history. Where the way leads to the answer of a
// form, the browser says that the page is gone and would have to be asked for
// again, and shows nothing of it.
async function through(page, move) {
  await page[move]().catch(error => {
    if (!error.message.includes('ERR_CACHE_MISS')) throw error;
  });
}

// showsNot looks for the key on the page, hidden text and attributes included.
async function showsNot(page, key) {
  await expect(async () => {
    expect(await page.content(), `what is on ${page.url()}`).not.toContain(key.slice(4, 12));
  }).toPass(); // the browser may still be on its way
}

async function purposes(keyport, key) {
  return (await keyport.keysOf(key)).map(made => made.Purpose);
}
