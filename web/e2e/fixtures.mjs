// What every browser test builds on: a Keyport of its own, and watchers that
// fail the test when a page complains, a request breaks or a secret leaks.
import { test as base, expect } from '@playwright/test';
import { Keyport, maya } from './keyport.mjs';

export { expect, maya };

// withAndWithoutScript declares the same tests twice: for a browser with
// JavaScript, and for one without.
export function withAndWithoutScript(tests) {
  for (const javaScriptEnabled of [true, false]) {
    base.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
      test.use({ javaScriptEnabled });
      tests(javaScriptEnabled);
    });
  }
}

export const test = base.extend({
  engine: ['sqlite', { option: true }],

  // setUp is what Keyport is started with besides the engine.
  setUp: [{}, { option: true }],

  // refusals lists the statuses of 400 and above that a test provokes on
  // purpose. Every other one fails the test.
  refusals: [[], { option: true }],

  // keyport starts the program for one test; at the end it must stop within
  // ten seconds, orderly, and have kept every secret.
  keyport: async ({ engine, setUp }, use) => {
    const keyport = await Keyport.start({ engine, ...setUp });
    try {
      await use(keyport);
      expect(await keyport.stop(), `exit code after SIGTERM; log:\n${keyport.log}`).toBe(0);
      expect(complaints(keyport.log), 'errors in the log').toEqual([]);
      expect(await keyport.leaks(), 'places where a secret can be read').toEqual([]);
    } finally {
      keyport.process.kill('SIGKILL');
      await keyport.ended;
      await keyport.remove();
    }
  },

  baseURL: async ({ keyport }, use) => use(keyport.url),

  // watch attaches the watchers to a browser context.
  watch: async ({ keyport, refusals }, use) => {
    const seen = [];
    await use(context => {
      context.on('weberror', error => seen.push(`script: ${error.error()}`));
      context.on('console', message => {
        if (['error', 'warning'].includes(message.type()) && !expected(message, refusals)) seen.push(`console: ${message.text()}`);
      });
      context.on('response', response => {
        if (response.status() >= 400 && !refusals.includes(response.status())) seen.push(`${response.status()} ${response.request().method()} ${response.url()}`);
      });
      context.on('request', request => {
        const { origin } = new URL(request.url());
        if (![keyport.url, keyport.provider?.issuer, 'null'].includes(origin)) seen.push(`request to ${origin}`);
      });
    });
    expect(seen, 'complaints of the pages').toEqual([]);
  },

  context: async ({ context, watch }, use) => {
    watch(context);
    await use(context);
  },

  // another opens a second, separate browser: other cookies, same program.
  another: async ({ browser, watch }, use) => {
    const contexts = [];
    await use(async (options = {}) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      watch(context);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
});

// expected reports whether a console message only repeats a refusal that the
// test provokes: the browser logs each, and htmx does too.
function expected(message, refusals) {
  const status = message.text().match(/responded with a status of (\d+)|Response Status Error Code (\d+)/);
  return status && refusals.includes(Number(status[1] ?? status[2]));
}

// complaints picks the lines of the log that nobody should ever see.
function complaints(log) {
  return log.split('\n').filter(line => /"level":"ERROR"|panic|DATA RACE|goroutine \d+ \[/.test(line));
}
