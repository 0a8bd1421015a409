import { defineConfig } from '@playwright/test';
import { launchOptions } from './chromium.mjs';

// Every test runs on both databases, and every test of a page with JavaScript
// and without: with it on SQLite, without it on PostgreSQL. What a browser can do
// and where rows are kept have nothing to do with each other, so the other two
// pairs would only take twice as long; KEYPORT_E2E_PAIRS=all runs them too. A
// page's look, the keyboard and the browser's zone depend on no database.
const all = process.env.KEYPORT_E2E_PAIRS === 'all';

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0, // a test that sometimes fails has found something
  workers: 2,
  timeout: 300_000, // the longest takes twenty seconds on a quiet machine; machines are not always quiet
  expect: { timeout: 10_000 },
  reporter: process.env.KEYPORT_E2E_REPORT
    ? [['list'], ['json', { outputFile: process.env.KEYPORT_E2E_REPORT }]]
    : 'list',
  use: {
    launchOptions: await launchOptions(),
    locale: 'en-GB',
    timezoneId: 'Europe/Stockholm',
    actionTimeout: 15_000,
    trace: 'off', // a trace would hold the keys that the tests look at
  },
  projects: [
    { name: 'sqlite', use: { engine: 'sqlite' }, grepInvert: all ? [] : / without JavaScript / },
    { name: 'postgres', use: { engine: 'postgres' }, grepInvert: all ? [] : / with JavaScript /, testIgnore: ['accessibility', 'keyboard', 'zones'].map(name => `${name}.spec.mjs`) },
  ],
});
