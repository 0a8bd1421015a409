// What axe finds on a page. It is run here rather than through its own package
// for Playwright, which opens a second page for each answer and takes ten times
// as long; our pages have no frames, for which it does so.
import { createRequire } from 'node:module';

const { source } = createRequire(import.meta.url)('axe-core');

const rules = {
  everything: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  colours: ['color-contrast', 'link-in-text-block'],
};

// findings lists what breaks a rule on the page as it stands: "everything" or
// only its "colours".
export async function findings(page, only) {
  if (!await page.evaluate('"axe" in window')) await page.evaluate(source);
  return page.evaluate(async runOnly => {
    const { violations, passes, incomplete } = await window.axe.run(document, { runOnly, resultTypes: ['violations'] });
    if (violations.length + passes.length + incomplete.length === 0) return ['axe has looked at nothing'];
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`).join(' | ')}`);
  }, rules[only]);
}
