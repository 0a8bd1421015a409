const COOKIE = 'keyport_zone';
const YEAR = 60 * 60 * 24 * 365;

// rememberZone tells the server the browser's time zone, in which dates are
// shown to people who have not chosen one. The server checks the name.
export function rememberZone() {
	const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
	if (!/^[A-Za-z0-9+_/-]{1,64}$/.test(zone ?? '') || zone === remembered()) return;
	const secure = location.protocol === 'https:' ? '; Secure' : '';
	document.cookie = `${COOKIE}=${zone}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

function remembered() {
	const pair = document.cookie.split('; ').find((p) => p.startsWith(COOKIE + '='));
	return pair?.slice(COOKIE.length + 1);
}
