// A custom date means the end of that day where the person is: by the profile,
// else by the browser. The days tried are those that are hard: the clocks
// change on them or on the day after.
import { expect, maya, test } from './fixtures.mjs';
import { chooseCustomDate, endOfDay, fillNewKey, generate, heading, inZone, openNewKey, revealed, signIn } from './pages.mjs';

const zones = ['America/Santiago', 'Pacific/Kiritimati', 'America/New_York', 'Asia/Kathmandu'];

for (const zone of zones) {
  test.describe(`in a browser in ${zone}`, () => {
    test.use({ timezoneId: zone });

    test('a custom date ends with the day there', async ({ page, keyport }) => {
      await signIn(page, maya);
      for (const date of hardDays(zone)) await makesKeyFor(page, keyport, { date, zone });
    });

    test('the profile outweighs the browser', async ({ page, keyport }) => {
      const chosen = zones[(zones.indexOf(zone) + 1) % zones.length];
      await signIn(page, maya);
      await chooseZone(page, chosen);
      await makesKeyFor(page, keyport, { date: inZone(chosen, 5), zone: chosen });
      await chooseZone(page, '');
      await makesKeyFor(page, keyport, { date: inZone(zone, 5), zone });
    });

    test('without script the zone is that of the profile', async ({ another, keyport }) => {
      const page = await another({ javaScriptEnabled: false });
      await signIn(page, maya);
      await makesKeyFor(page, keyport, { date: inZone('UTC', 5), zone: 'UTC' });
      await chooseZone(page, zone);
      for (const date of hardDays(zone)) await makesKeyFor(page, keyport, { date, zone });
    });
  });
}

test('today is a date that can be chosen, yesterday is not offered', async ({ page, keyport }) => {
  await signIn(page, maya);
  await openNewKey(page);
  await chooseCustomDate(page);
  await expect(page.getByLabel('Expiry date')).toHaveAttribute('min', inZone('Europe/Stockholm', 0));
  await expect(page.getByLabel('Expiry date')).toHaveAttribute('max', inZone('Europe/Stockholm', 366));
  await makesKeyFor(page, keyport, { date: inZone('Europe/Stockholm', 0), zone: 'Europe/Stockholm' });
});

// makesKeyFor makes a key for a date and compares what the form, the reveal and
// the REST API say with the end of that day.
async function makesKeyFor(page, keyport, { date, zone }) {
  const purpose = `Until ${date} in ${zone}`;
  await openNewKey(page);
  await expect(page.getByText(namePattern(zone)).first()).toBeVisible();
  await fillNewKey(page, { purpose, date });
  await generate(page);
  const key = await revealed(page, keyport);
  const end = endOfDay(date, zone);
  const told = await page.locator('main time').first().getAttribute('datetime');
  expect(new Date(told), `told for ${purpose}`).toEqual(end);
  const [made] = await keyport.keysOf(key);
  expect(made.Purpose).toBe(purpose);
  expect(new Date(made.Expires), `stored for ${purpose}`).toEqual(end);
}

async function chooseZone(page, zone) {
  await page.goto('/account/profile');
  await page.getByLabel('Time zone').selectOption(zone);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Time zone saved')).toBeVisible();
  await expect(heading(page, 'Profile')).toBeVisible();
}

// namePattern allows the older spelling by which some browsers call a zone.
function namePattern(zone) {
  return new RegExp(`23:59:59 in ${zone.replace('Kathmandu', 'Kath?mandu')}\\.`);
}

// hardDays lists the days of the coming year whose own length, or whose next
// day's, is not 24 hours; an ordinary day where there are none.
function hardDays(zone) {
  const days = [];
  for (let n = 1; n < 365; n++) {
    const length = endOfDay(inZone(zone, n), zone) - endOfDay(inZone(zone, n - 1), zone);
    if (length !== 24 * 3600_000) days.push(inZone(zone, n - 1), inZone(zone, n));
  }
  return days.length ? [...new Set(days)] : [inZone(zone, 45)];
}
