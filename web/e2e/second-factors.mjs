// One-time codes by RFC 6238, as an authenticator app works them out, and the
// passkeys of a device that the browser pretends to have.
import { createHmac } from 'node:crypto';
import { expect } from '@playwright/test';
import { heading } from './pages.mjs';

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function totp(secret, at = Date.now()) {
  const bits = [...secret.replaceAll(' ', '')].map(letter => base32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const sum = createHmac('sha1', key).update(counter).digest();
  const number = sum.readUInt32BE(sum.at(-1) & 0xf) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

// later is the code of the next step: when the one of now is used already, it
// is taken too, since clocks differ.
export const later = secret => totp(secret, Date.now() + 30_000);

// device gives the page's browser a device with passkeys.
export async function device(page, options = {}) {
  const client = await page.context().newCDPSession(page);
  await client.send('WebAuthn.enable');
  const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...options },
  });
  return {
    remove: () => client.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
    verified: isUserVerified => client.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  };
}

// setUpApp sets up an authenticator app and returns its secret and the recovery
// codes.
export async function setUpApp(page, keyport) {
  await page.goto('/account/sign-in');
  await page.getByRole('button', { name: 'Set up an app' }).click();
  await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible();
  const secret = keyport.keep((await page.locator('code').first().textContent()).trim());
  keyport.keep(secret.replaceAll(' ', ''));
  await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret));
  await page.getByRole('button', { name: 'Use this app' }).click();
  await expect(heading(page, 'Keep these recovery codes')).toBeVisible();
  const codes = (await page.locator('#codes').textContent()).trim().split('\n');
  codes.forEach(code => keyport.keep(code));
  await page.getByRole('link', { name: 'I have stored them' }).click();
  await expect(page.getByText('In use', { exact: true })).toBeVisible();
  return { secret, codes };
}
