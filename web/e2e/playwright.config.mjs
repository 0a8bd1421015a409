import { defineConfig } from '@playwright/test';
import { launchOptions } from './chromium.mjs';

// Every test runs on both databases, except where a page's look is all that is
// in question: that does not depend on the database.
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
    { name: 'sqlite', use: { engine: 'sqlite' } },
    { name: 'postgres', use: { engine: 'postgres' }, testIgnore: 'accessibility.spec.mjs' },
  ],
});
