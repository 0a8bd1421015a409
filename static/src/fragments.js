import htmx from 'htmx.org';
import { isNotice, toast, toastFrom } from './toast.js';

// configure tells htmx what it must not do, and which answers replace a part of
// the page. It runs before htmx starts, which waits for the document.
export function configure() {
	Object.assign(htmx.config, {
		allowEval: false,
		allowScriptTags: false,
		includeIndicatorStyles: false,
		selfRequestsOnly: true,
		disableInheritance: true,
		historyCacheSize: 0, // a shown-once key must not reach the browser's storage
		historyRestoreAsHxRequest: false,
		refreshOnHistoryMiss: true,
		responseHandling: [
			{ code: '204', swap: false },
			{ code: '[23]..', swap: true },
			{ code: '...', swap: false, error: true },
		],
	});
	document.addEventListener('htmx:beforeSwap', swapForms);
	document.addEventListener('htmx:responseError', (e) => sayError(e.detail.xhr));
	document.addEventListener('htmx:sendError', sayUnreachable);
	document.addEventListener('htmx:timeout', sayUnreachable);
}

// onSwap calls enhance for each element that htmx adds to the page. htmx also
// announces the page itself, which is prepared already.
export function onSwap(enhance) {
	document.addEventListener('htmx:load', (e) => {
		if (e.detail.elt !== document.body) enhance(e.detail.elt);
	});
}

// A refused form comes back with what is wrong in it (422), or with what somebody
// else has saved meanwhile (409), and takes the place of the one that was sent.
// Any other error is only a notice, and the page stays as it is.
function swapForms({ detail }) {
	const { status } = detail.xhr;
	if ((status !== 422 && status !== 409) || isNotice(detail.serverResponse)) return;
	detail.shouldSwap = true;
	detail.isError = false;
}

function sayError(xhr) {
	if (!toastFrom(xhr.responseText)) {
		toast('That did not work', `The server answered ${xhr.status}. Load the page again to see where things are.`);
	}
}

function sayUnreachable() {
	toast('Could not reach the server', 'Check your connection and try again.');
}
