import { all } from './dom.js';

// takeFocus moves the focus to what the reader has to see next: the error
// summary, the heading of a new view, the safe button of a dialog.
export function takeFocus(root) {
	const [target] = all('[data-focus]', root);
	if (!target) return;
	if (!target.matches('a, button, input, select, textarea')) target.tabIndex = -1;
	target.focus();
}
