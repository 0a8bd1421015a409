import { all } from './dom.js';

// openModal turns a dialog that was swapped in into a modal one. Only the newest
// stays: a second click may have asked for it twice.
export function openModal(root) {
	for (const dialog of all('dialog[data-modal]', root)) {
		if (dialog.matches(':modal')) continue;
		for (const old of all('dialog:modal')) old.close();
		dialog.removeAttribute('open');
		dialog.showModal();
		dialog.addEventListener('close', () => dialog.remove());
	}
}

export function listen() {
	document.addEventListener('click', (e) => {
		const dialog = e.target.closest('dialog:modal');
		if (!dialog) return;
		const onBackdrop = e.target === dialog;
		if (!onBackdrop && !e.target.closest('[data-close]')) return;
		e.preventDefault();
		dialog.close();
	});
}
