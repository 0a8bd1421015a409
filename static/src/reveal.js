// The page that shows a new key is left for good: its text is wiped when the
// reader goes, so that Back can't bring it out of the browser's memory, and who
// leaves before taking a copy is asked.
export function listen() {
	document.addEventListener('keyport:copied', markStored);
	document.addEventListener('copy', markStored);
	addEventListener('beforeunload', (e) => {
		const page = shown();
		if (page && !('stored' in page.dataset) && !page.querySelector('form[data-sent]')) e.preventDefault();
	});
	addEventListener('pagehide', () => shown()?.replaceChildren());
	addEventListener('pageshow', (e) => {
		if (e.persisted && shown()) location.replace(shown().dataset.reveal);
	});
}

function shown() {
	return document.querySelector('[data-reveal]');
}

function markStored(e) {
	const page = e.target.closest?.('[data-reveal]');
	if (page) page.dataset.stored = '';
}
