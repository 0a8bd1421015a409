import { all } from './dom.js';
import { say, toast } from './toast.js';

// showButtons brings out the copy buttons, which would be dead without a script.
export function showButtons(root) {
	for (const button of all('[data-copy]', root)) button.hidden = false;
}

export function listen() {
	document.addEventListener('click', (e) => {
		const button = e.target.closest('[data-copy]');
		if (button) copy(button, document.getElementById(button.dataset.copy));
	});
}

// copy says "Copied" only when the clipboard has confirmed it. Where there is
// none (plain HTTP on another host), or it refuses, the text is selected instead.
async function copy(button, source) {
	try {
		await navigator.clipboard.writeText(source.textContent.trim());
	} catch {
		getSelection().selectAllChildren(source);
		toast('Could not copy', 'The text is selected. Press Ctrl+C, or Command+C on a Mac.');
		return;
	}
	source.dispatchEvent(new CustomEvent('keyport:copied', { bubbles: true }));
	button.dataset.done = '';
	say('Copied to the clipboard');
	setTimeout(() => delete button.dataset.done, 2500);
}
