import { all } from './dom.js';
import { toast } from './toast.js';

// Passkeys are the one thing that a page can't do without a script. A form that
// uses one asks its own address for a challenge, lets the browser answer it, and
// goes to the server like any other form.
const known = () => 'parseRequestOptionsFromJSON' in (globalThis.PublicKeyCredential ?? {});

// showPasskeys brings out the forms where the browser has passkeys, and says so
// where it has none.
export function showPasskeys(root) {
	for (const form of all('form[data-passkey]', root)) form.hidden = !known();
	for (const note of all('[data-passkey-missing]', root)) note.hidden = known();
	for (const note of all('[data-no-script]', root)) note.hidden = true;
}

export function listen() {
	document.addEventListener('submit', (e) => {
		const form = e.target;
		if (!form.matches('form[data-passkey]')) return;
		e.preventDefault();
		answer(form).catch((error) => {
			form.dispatchEvent(new CustomEvent('keyport:stopped', { bubbles: true }));
			toast('No passkey was used', words(error));
		});
	});
}

async function answer(form) {
	const challenge = await ask(form.dataset.passkey);
	const options = challenge.options;
	const credential = 'passkeyMake' in form.dataset
		? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
		: await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
	form.elements.passkey_token.value = challenge.token;
	form.elements.passkey.value = JSON.stringify(credential);
	form.submit(); // past the listeners: what the browser answered is sent as it is
}

async function ask(address) {
	const response = await fetch(address, { method: 'POST', headers: { Accept: 'application/json' } });
	if (!response.ok || response.redirected) throw new Error('refused');
	return response.json();
}

function words(error) {
	switch (error.name) {
		case 'NotAllowedError':
			return 'It was cancelled, or this device has no passkey for Keyport.';
		case 'InvalidStateError':
			return 'This device has a passkey for your account already.';
	}
	return 'Load the page again, or use another way.';
}
