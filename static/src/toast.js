import { all } from './dom.js';

const STAYS = 8000;

// toast shows a message that something failed. It stays until it is dismissed.
export function toast(title, text) {
	const blank = document.getElementById('toast-blank').content.firstElementChild;
	const element = blank.cloneNode(true);
	element.querySelector('b').textContent = title;
	element.querySelector('p').textContent = text;
	show(element);
}

// toastFrom shows the notice of an answer that htmx did not swap in, and reports
// whether there was one.
export function toastFrom(html) {
	const notice = noticeIn(html);
	if (!notice) return false;
	show(document.adoptNode(notice));
	return true;
}

// isNotice reports whether an answer is a notice and nothing else.
export function isNotice(html) {
	const notice = noticeIn(html);
	return notice !== null && notice.closest('body').childElementCount === 1;
}

// say tells people who listen to the page what others see happen.
export function say(text) {
	const line = document.createElement('p');
	line.className = 'sr';
	line.textContent = text;
	show(line);
	setTimeout(() => line.remove(), 3000);
}

// expireToasts takes good news away after a while, unless somebody is at it.
export function expireToasts(root) {
	for (const element of all('.toast:not(.bad)', root)) expire(element);
}

export function listen() {
	document.addEventListener('click', (e) => {
		if (e.target.closest('[data-dismiss]')) e.target.closest('.toast')?.remove();
	});
}

function noticeIn(html) {
	return new DOMParser().parseFromString(html, 'text/html').querySelector('#toasts > .toast');
}

function show(element) {
	document.getElementById('toasts').append(element);
}

function expire(element) {
	setTimeout(() => (element.matches(':hover, :focus-within') ? expire(element) : element.remove()), STAYS);
}
