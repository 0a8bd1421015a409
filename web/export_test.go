package web

// CSRFToken is what a request with the cookie of a session must carry.
func CSRFToken(cookie string) string { return csrfToken(cookie) }
