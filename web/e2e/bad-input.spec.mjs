// Input that no form would send: refused with a message beside the field,
// nothing written, and never an error of ours.
import { expect, maya, test } from './fixtures.mjs';
import { inZone, signIn } from './pages.mjs';

// post sends a form as raw bytes, with the token that our own form carries.
async function post(page, path, fields) {
  const csrf = await page.locator('input[name=csrf]').first().inputValue();
  const data = Object.entries({ csrf, ...fields }).map(([name, value]) => `${name}=${value}`).join('&');
  return page.request.post(path, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, data, maxRedirects: 0 });
}

const purposes = {
  empty: '', blank: '+%09+', 'too long': 'x'.repeat(201), 'much too long': 'x'.repeat(20_000), 'a control character': 'a%00b',
  'a line break': 'a%0D%0Ab', 'an escape': '%1B[31m', 'invalid UTF-8': '%FF%FE', 'half a surrogate': '%ED%A0%80',
};

const days = { empty: '', zero: '0', negative: '-1', 'above the ceiling': '1097', 'wraps around': '213684', huge: '9'.repeat(400), text: 'soon', fraction: '7.5', exponent: '1e2', hexadecimal: '0x10', 'a list': '30%2C60' };

const dates = { empty: '', 'a day that is not': '2027-02-30', yesterday: inZone('UTC', -2), 'far future': '9999-12-31', 'year 0': '0000-01-01', 'another form': '22%2F05%2F2027', text: 'tomorrow', 'with time': `${inZone('UTC', 5)}T00:00:00Z`, 'five digits': '12027-05-22' };

test('New API key', async ({ page, keyport }) => {
  const key = await keyport.apiKey(maya.username, 'Probe');
  await signIn(page, maya);
  const good = { purpose: 'Bad+input', expiry: '30', zone: 'UTC', form_id: '' };
  const cases = [
    ...named('purpose', purposes, value => ({ purpose: value })),
    ...named('days', days, value => ({ expiry: value })),
    ...named('date', dates, value => ({ expiry: 'custom', date: value })),
  ];
  for (const [name, fields] of cases) {
    const answer = await post(page, '/account/apikeys', { ...good, ...fields });
    expect(answer.status(), name).toBe(422);
    expect(await answer.text(), name).toMatch(/class="error"/);
  }
  expect((await keyport.keysOf(key)).map(made => made.Purpose)).toEqual(['Probe']);
});

test('a zone that is none makes no key', async ({ page, keyport }) => {
  const key = await keyport.apiKey(maya.username, 'Probe');
  await signIn(page, maya);
  for (const zone of ['Mars/Olympus', 'Local', '..%2F..%2Fetc%2Fpasswd', '%00', 'x'.repeat(5000), '%FF']) {
    const answer = await post(page, '/account/apikeys', { purpose: 'Bad+zone', expiry: '30', zone, form_id: '' });
    expect(answer.status(), zone).toBe(422);
  }
  expect(await keyport.keysOf(key)).toHaveLength(1);
});

test('Authentication settings', async ({ page, keyport }) => {
  const key = await keyport.apiKey(maya.username, 'Probe');
  await signIn(page, maya);
  await page.goto('/configuration/settings/authentication');
  const version = await page.locator('input[name=version]').inputValue();
  const good = { version, default: '180', maximum: '366', 'user-keys': 'on' };
  const cases = [
    ...named('default', days, value => ({ default: value })),
    ...named('maximum', days, value => ({ maximum: value })),
    ['default in invalid UTF-8', { default: '%FF' }],
  ];
  for (const [name, fields] of cases) {
    const answer = await post(page, '/configuration/settings/authentication', { ...good, ...fields });
    expect(answer.status(), name).toBe(422);
    expect(await answer.text(), name).toMatch(/class="error"/);
  }
  for (const wrong of ['', 'x', '-1', '99999999999999999999', '0']) {
    const answer = await post(page, '/configuration/settings/authentication', { ...good, version: wrong, default: '10' });
    expect([409, 422], `version ${wrong}`).toContain(answer.status());
  }
  await page.reload();
  await expect(page.locator('summary').first()).toContainText('180 days');
  expect((await keyport.api('GET', '/api/users/me', { key })).status).toBe(200);
});

test('time zone of the profile', async ({ page }) => {
  await signIn(page, maya);
  for (const zone of ['Mars/Olympus', 'Local', '..%2F..%2Fetc%2Fpasswd', 'x'.repeat(5000), '%00', '%FF', '%3Cscript%3E']) {
    const answer = await post(page, '/account/time-zone', { zone });
    expect(answer.status(), zone).toBe(422);
    expect(await answer.text(), zone).toMatch(/class="error"/);
  }
  await page.goto('/account/profile');
  await expect(page.getByLabel('Time zone')).toHaveValue('');
});

test('addresses of the list', async ({ page, keyport }) => {
  await keyport.apiKey(maya.username, 'Probe');
  await signIn(page, maya);
  const queries = ['status=%00', 'status=nonsense', 'q=%FF%FE', 'q=%00', `q=${'x'.repeat(10_000)}`, 'q=%25%25%25%25', 'q=_____', 'q=%5C', "q='%3B+drop+table+api_keys",
    'sort=digest', 'sort=id;select', 'dir=sideways', 'skip=-1', 'skip=99999999999999999999', 'skip=x', 'skip=1e9', 'skip=2147483647'];
  for (const query of queries) {
    const answer = await page.request.get(`/account/apikeys?${query}`);
    expect(answer.status(), query).toBe(200);
  }
});

function named(field, values, toFields) {
  return Object.entries(values).map(([name, value]) => [`${field}: ${name}`, toFields(value)]);
}
