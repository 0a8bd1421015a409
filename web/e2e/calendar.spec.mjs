// The private addresses at which calendar programs read when keys end.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { signIn } from './pages.mjs';

withAndWithoutScript(() => {
  test('an address is made, read without signing in, and switched off', async ({ page, keyport }) => {
    await keyport.apiKey(maya.username, 'Laptop scripts');
    await signIn(page, maya);
    await page.goto('/account/calendar');
    await page.getByRole('button', { name: 'Make an address for My API keys' }).click();
    const address = keyport.keep(await page.getByRole('code').filter({ hasText: '.ics' }).textContent());
    const calendar = await fetch(address);
    expect(calendar.status).toBe(200);
    expect(await calendar.text()).toContain('API key “Laptop scripts” ends');
    await page.goto('/account/calendar');
    await expect(page.getByText(address)).toHaveCount(0);
    await page.getByRole('button', { name: 'Switch off' }).click();
    await expect(page.getByText('Has no address')).toBeVisible();
    expect((await fetch(address)).status).toBe(404);
  });
});
