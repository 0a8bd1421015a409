import { all } from './dom.js';

// A stopped or lost request must not leave a dead button behind.
const GIVES_UP = 15000;

// A form that changes something is sent once: a second submit is stopped until
// the first is answered. The server guards itself as well; this is so that
// nobody waits in doubt.
export function listen() {
	document.addEventListener('submit', guard, { capture: true });
	document.addEventListener('htmx:afterRequest', (e) => {
		if (!e.detail.successful) release(e.target); // otherwise the form is replaced, or the page left
	});
	document.addEventListener('keyport:stopped', (e) => release(e.target));
	document.addEventListener('htmx:validation:halted', (e) => release(e.target));
	addEventListener('pageshow', () => all('form[data-sent]').forEach(release));
}

function guard(e) {
	const form = e.target;
	if (form.method !== 'post') return;
	if ('sent' in form.dataset) {
		e.preventDefault();
		e.stopImmediatePropagation();
		return;
	}
	form.dataset.sent = '';
	e.submitter?.setAttribute('aria-busy', 'true');
	setTimeout(() => release(form), GIVES_UP);
}

function release(form) {
	if (!(form instanceof HTMLFormElement)) return;
	delete form.dataset.sent;
	for (const button of all('[aria-busy]', form)) button.removeAttribute('aria-busy');
}
