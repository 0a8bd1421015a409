// Test runs that are counted: how many tests passed, how many failed and which
// did not run. Only what failed is shown.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure, execute } from './run.mjs';

// goTests runs a command that prints what `go test -json` does. Of the tests that
// pass, it counts those whose name (package and test) counting accepts.
export async function goTests(command, env, counting = () => true) {
  const tally = new GoTally(counting);
  const { code, output } = await execute(command, env, line => tally.read(line));
  return judge(tally.counts, code, tally.failures() + output);
}

// GoTally reads the events of `go test -json`.
class GoTally {
  counts = { passed: 0, failed: 0, skipped: [] };
  output = new Map(); // what each test and package printed
  failed = [];

  constructor(counting) {
    this.counting = counting;
  }

  // read takes a line if it is an event.
  read(line) {
    if (!line.startsWith('{"')) return false;
    const event = JSON.parse(line);
    const name = [event.Package ?? event.ImportPath, event.Test].filter(Boolean).join(' ');
    switch (event.Action) {
      case 'output':
      case 'build-output':
        this.output.set(name, (this.output.get(name) ?? '') + event.Output);
        break;
      case 'pass':
        if (event.Test && this.counting(name)) this.counts.passed++;
        this.output.delete(name);
        break;
      case 'skip':
        if (event.Test) this.counts.skipped.push(name);
        this.output.delete(name);
        break;
      case 'fail':
      case 'build-fail':
        this.fail(event, name);
    }
    return true;
  }

  // fail counts a test; and a package or a build only if none of its tests has
  // failed, since those count already.
  fail(event, name) {
    const counted = !event.Test && this.failed.some(other => other.startsWith(`${name} `) || other === event.FailedBuild);
    if (!counted) this.counts.failed++;
    this.failed.push(name);
  }

  failures() {
    return this.failed.map(name => this.output.get(name) ?? '').join('');
  }
}

// playwrightTests runs a command that runs Playwright. The report is written to
// a file, because the list of tests goes to standard output.
export async function playwrightTests(command) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'keyport-report-'));
  const file = path.join(dir, 'report.json');
  try {
    const { code, output } = await execute(command, { KEYPORT_E2E_REPORT: file, FORCE_COLOR: '0' });
    const stats = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).stats : { expected: 0, unexpected: 1, flaky: 0, skipped: 0 };
    const counts = { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: Array(stats.skipped).fill('a browser test') };
    return judge(counts, code, output);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

// judge holds that a run without a test has not passed, nor has one whose tests
// all passed but whose command failed.
function judge(counts, code, output) {
  if (code === 0 && counts.failed === 0 && counts.passed > 0) return { counts };
  const none = counts.passed + counts.failed === 0 ? 'No test ran.\n' : '';
  throw new Failure(`${none}${output}\nexit code ${code}`, { ...counts, failed: Math.max(counts.failed, 1) });
}
