// The browser of the tests: the Chromium that package-lock.json pins, so that
// no browser has to be installed and pages look the same on every machine.
// It exists for Linux on x64; elsewhere the tests use the installed Chrome.
// CHROMIUM=/path/to/chromium overrides both.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const root = path.resolve(import.meta.dirname, '../..');

// launchOptions says which browser Playwright is to start, and how.
export async function launchOptions() {
  const args = ['--no-sandbox', '--font-render-hinting=none'];
  if (process.env.CHROMIUM) return { executablePath: process.env.CHROMIUM, args };
  if (process.platform !== 'linux' || process.arch !== 'x64') return { channel: 'chrome', args };
  return { executablePath: await pinned(), args };
}

// pinned unpacks the browser once into node_modules/.cache, beside the NSS
// libraries it brings. Both variables that it sets are inherited by the browser.
async function pinned() {
  const { version } = createRequire(import.meta.url)(path.join(root, 'node_modules/@sparticuz/chromium/package.json'));
  const dir = path.join(root, 'node_modules/.cache', `chromium-${version}`);
  fs.mkdirSync(dir, { recursive: true });
  process.env.FONTCONFIG_FILE = fontsOf(dir);
  process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs22.x'; // the package adds its libraries only where it believes to be at home
  const temporary = process.env.TMPDIR;
  process.env.TMPDIR = dir; // the package unpacks into the folder for temporary files
  const { default: chromium } = await import('@sparticuz/chromium');
  const executable = await chromium.executablePath();
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  return executable;
}

// fontsOf limits the browser to the font it brings. Without any font pages
// crash, and with the machine's fonts no two machines show the same page.
function fontsOf(dir) {
  const file = path.join(dir, 'fonts.conf');
  const text = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${dir}/fonts</dir><cachedir>${dir}/fc-cache</cachedir></fontconfig>
`;
  if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) fs.writeFileSync(file, text);
  return file;
}
