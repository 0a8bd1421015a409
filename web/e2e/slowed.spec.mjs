// Guessing is slowed down, and keeps nobody out who has signed in before.
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { fillSignIn, heading, signIn, signOut } from './pages.mjs';

withAndWithoutScript(javaScriptEnabled => {
  test.use({ refusals: [422, 429] });

  test('after five guesses a stranger waits, and the owner gets in', async ({ page, another }) => {
    await signIn(page, maya);
    await signOut(page);
    const stranger = await another({ javaScriptEnabled });
    await stranger.goto('/sign-in');
    for (let n = 0; n < 5; n++) {
      await fillSignIn(stranger, { username: maya.username, password: `guess number ${n}` });
      await expect(stranger.getByText('Could not sign in')).toBeVisible();
    }
    // The first wait is a second, which a slow browser needs anyway; each
    // further one is twice as long.
    const alert = stranger.getByRole('alert');
    await expect(async () => {
      await fillSignIn(stranger, { username: ' MAYA', password: 'one guess more' });
      await expect(alert).toContainText('Too many attempts', { timeout: 2000 });
    }).toPass({ intervals: [1], timeout: 60_000 });
    await expect(stranger.getByLabel('User name')).toHaveValue(/maya/i);
    await fillSignIn(page, maya);
    await expect(heading(page, 'My API Keys')).toBeVisible();
  });
});
