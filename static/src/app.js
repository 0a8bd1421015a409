// Progressive enhancement only: every page works without this file, and nothing
// here is needed to read, send or understand a form.
import { listen as listenForCopying, showButtons } from './copy.js';
import { openModal, listen as listenForDialogs } from './dialog.js';
import { takeFocus } from './focus.js';
import { configure, onSwap } from './fragments.js';
import { listen as listenForPasskeys, showPasskeys } from './passkey.js';
import { listen as listenForReveal } from './reveal.js';
import { listen as listenForSubmits } from './submit.js';
import { expireToasts, listen as listenForToasts } from './toast.js';
import { countChanges, listen as listenForChanges } from './unsaved.js';
import { rememberZone } from './zone.js';

// enhance prepares a page, or the part of it that was swapped in.
function enhance(root) {
	showButtons(root);
	showPasskeys(root);
	countChanges(root);
	openModal(root);
	expireToasts(root);
	takeFocus(root);
}

configure();
listenForCopying();
listenForDialogs();
listenForPasskeys();
listenForReveal();
listenForSubmits();
listenForToasts();
listenForChanges();
rememberZone();
enhance(document);
onSwap(enhance);
