import { all } from './dom.js';

// countChanges marks a form whose values differ from what is stored, which each
// control carries in data-saved, and says how many settings do.
export function countChanges(root) {
	for (const form of all('form[data-watch]', root)) {
		const changed = new Set(all('[data-saved]', form).filter(differs).map((control) => control.name));
		form.toggleAttribute('data-dirty', changed.size > 0);
		const line = form.querySelector('[data-unsaved]');
		if (line) line.textContent = changed.size === 1 ? '1 unsaved change' : `${changed.size} unsaved changes`;
	}
}

export function listen() {
	document.addEventListener('input', (e) => {
		if (e.target.form?.matches('[data-watch]')) countChanges(e.target.form);
	});
	document.addEventListener('click', (e) => {
		if (e.target.closest('[data-discard]')) all('form[data-dirty]').forEach((form) => form.removeAttribute('data-dirty'));
	});
	addEventListener('pageshow', () => countChanges(document)); // browsers restore what was typed
	addEventListener('beforeunload', (e) => {
		if (document.querySelector('form[data-dirty]:not([data-sent])')) e.preventDefault();
	});
}

function differs(control) {
	const { saved } = control.dataset;
	return control.type === 'radio' ? control.checked !== (saved === 'true') : control.value.trim() !== saved;
}
