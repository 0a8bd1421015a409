// all returns the elements below root that match, and root itself if it does.
export function all(selector, root = document) {
	const found = [...root.querySelectorAll(selector)];
	return root instanceof Element && root.matches(selector) ? [root, ...found] : found;
}
