// Configuration → Subscriptions, with a real receiver of webhooks.
import http from 'node:http';
import { createHmac } from 'node:crypto';
import { expect, maya, test, withAndWithoutScript } from './fixtures.mjs';
import { heading, row, signIn } from './pages.mjs';

// receiver answers each webhook as told, and keeps it.
async function receiver(answer = () => 200) {
  const calls = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', chunk => { body += chunk; });
    request.on('end', () => {
      calls.push({ headers: request.headers, body });
      response.writeHead(answer(calls.length)).end();
    });
  });
  await new Promise(ready => server.listen(0, '127.0.0.1', ready));
  return { calls, url: `http://127.0.0.1:${server.address().port}/hook`, close: () => new Promise(closed => server.close(closed)) };
}

// signature works a signature out as the standard says, in the words of a
// receiver that is not ours.
function signature(secret, { headers, body }) {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64')}`;
}

const button = (page, name) => page.getByRole('button', { name, exact: true });

withAndWithoutScript(() => {
  test.describe('', () => {
    test.use({ refusals: [422], setUp: { env: { KEYPORT_EGRESS_ALLOW: '127.0.0.0/8' } } });

    test('a webhook is tested, signed, looked up and sent again', async ({ page, keyport }) => {
      const hook = await receiver(call => call === 1 ? 500 : 200);
      try {
        await signIn(page, maya);
        await page.goto('/configuration/subscriptions');
        await expect(row(page, 'Owners of API keys that end')).toContainText('API key expiry events');
        await page.getByRole('link', { name: 'New subscription' }).click();
        await page.getByLabel('Name', { exact: true }).fill('To the receiver');
        await page.getByLabel('Address').fill('https://10.0.0.1/');
        await button(page, 'Create subscription').click();
        await expect(page.getByRole('alert')).toContainText('inside a private network');
        await expect(page.getByLabel('Name', { exact: true })).toHaveValue('To the receiver');
        await page.getByLabel('Address').fill(hook.url);
        await button(page, 'Create subscription').click();
        await expect(heading(page, 'To the receiver')).toBeVisible();
        await button(page, 'New webhook secret').click();
        const secret = keyport.keep(await page.locator('#secret').textContent());
        await page.goto('/configuration/subscriptions/Subscriptions-2');
        await expect(page.getByText(secret)).toHaveCount(0);
        await button(page, 'Send test').click();
        await expect(page.getByText('A test is on its way')).toBeVisible();
        await expect.poll(() => hook.calls.length).toBe(1);
        expect(hook.calls[0].headers['webhook-signature'].split(' ')).toContain(signature(secret, hook.calls[0]));
        await expect(async () => {
          await page.goto('/configuration/subscriptions/Subscriptions-2');
          await expect(page.getByText('The receiver answered 500.')).toBeVisible({ timeout: 100 });
        }).toPass();
        await expect.poll(() => hook.calls.length, { timeout: 15_000 }).toBe(2); // the plan says five seconds
        expect(hook.calls[1].headers['webhook-id']).toBe(hook.calls[0].headers['webhook-id']);
        await expect(async () => {
          await page.goto('/configuration/subscriptions/Subscriptions-2');
          await expect(page.getByText('Delivered')).toBeVisible({ timeout: 100 });
        }).toPass();
        await page.getByRole('button', { name: /^Send again/ }).click();
        await expect.poll(() => hook.calls.length).toBe(3);
        await button(page, 'Disable').click();
        await expect(page.getByText('To the receiver is disabled')).toBeVisible();
        await page.getByRole('link', { name: 'Delete', exact: true }).click();
        await button(page, 'Delete subscription').click();
        await expect(page.getByText('The subscription To the receiver is deleted')).toBeVisible();
      } finally {
        await hook.close();
      }
    });
  });
});
