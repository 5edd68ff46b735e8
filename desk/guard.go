package desk

import (
	"crypto/sha256"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

const (
	maxSignIn = 4 << 10
	maxSDP    = 64 << 10
	// csp: everything from here, nothing inline, no text made into markup or
	// script, framed by nobody.
	csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types 'none'"
)

// handler is all the desk's HTTP behind its guard.
func (d *Desk) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/welcome", d.welcome)
	mux.HandleFunc("POST /api/sign-in", d.signIn)
	mux.HandleFunc("POST /api/sign-out", d.signedIn(d.signOut))
	mux.HandleFunc("GET /api/me", d.signedIn(d.me))
	mux.HandleFunc("GET /api/relays", d.signedIn(d.relays))
	mux.HandleFunc("POST /api/media", d.signedIn(d.media))
	mux.HandleFunc("GET /api/socket", d.signedIn(d.socket))
	mux.HandleFunc("GET /api/colleagues", d.signedIn(d.colleagues))
	mux.HandleFunc("GET /api/calls", d.supervising(fieldCalls, d.calls))
	mux.HandleFunc("GET /api/calls/{call}", d.supervising(fieldSignalling, d.oneCall))
	mux.HandleFunc("GET /api/callbacks", d.supervising(fieldCallbacks, d.callbacks))
	mux.HandleFunc("POST /api/callbacks/{callback}/cancel", d.supervising(fieldCallbacks, d.cancelCallback))
	d.recordingRoutes(mux)
	d.messageRoutes(mux)
	d.flowRoutes(mux)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		answerTrouble(w, http.StatusNotFound, "not_found", "There is no such address.")
	})
	mux.Handle("/", d.pages)
	return d.guard(mux)
}

// guard sets the headers that keep the page to itself, and refuses what comes
// from another site: a wrong Host (DNS rebinding) or a wrong Origin.
func (d *Desk) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "microphone=(self), camera=(), geolocation=(), display-capture=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if d.options.SecureCookies {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		if !d.hostAllowed(r.Host) {
			answerTrouble(w, http.StatusMisdirectedRequest, "host", "This address isn't one of this server's. Open the softphone by its own address.")
			return
		}
		changes := r.Method != http.MethodGet && r.Method != http.MethodHead
		if (changes || r.URL.Path == "/api/socket") && !d.sameOrigin(r) {
			answerTrouble(w, http.StatusForbidden, "origin", "The request came from another page. Open the softphone itself.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostAllowed compares the name that the browser used with Options.Hosts.
func (d *Desk) hostAllowed(hostport string) bool {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if len(d.options.Hosts) > 0 {
		return slices.ContainsFunc(d.options.Hosts, func(one string) bool { return strings.EqualFold(one, host) })
	}
	if !d.options.Listen.Addr().IsLoopback() {
		return true
	}
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// sameOrigin wants an Origin that is this very page's. Browsers send one with
// every POST and every WebSocket.
func (d *Desk) sameOrigin(r *http.Request) bool {
	origin, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || origin.Host == "" || !strings.EqualFold(origin.Host, r.Host) {
		return false
	}
	if d.options.SecureCookies {
		return origin.Scheme == "https"
	}
	return origin.Scheme == "https" || origin.Scheme == "http"
}

// cookieName has the __Host- prefix where the cookie is Secure: then no
// sub-domain and no plain-text page can set one (RFC 6265bis §4.1.3.2).
func (d *Desk) cookieName() string {
	if d.options.SecureCookies {
		return "__Host-careline"
	}
	return "careline"
}

func (d *Desk) setCookie(w http.ResponseWriter, token string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: d.cookieName(), Value: token, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: d.options.SecureCookies, SameSite: http.SameSiteStrictMode,
	})
}

// signedIn lets only living sessions through.
func (d *Desk) signedIn(next func(http.ResponseWriter, *http.Request, *session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found := d.sessionOf(r)
		if found == nil {
			answerTrouble(w, http.StatusUnauthorized, "signed_out", "Sign in first.")
			return
		}
		next(w, r, found)
	}
}

// sessionOf is the living session whose cookie the request has, or nil.
func (d *Desk) sessionOf(r *http.Request) *session {
	cookie, err := r.Cookie(d.cookieName())
	if err != nil {
		return nil
	}
	return d.sessions.find(cookie.Value)
}

// source is who asks, for the limit of attempts: the connection's address
// (IPv6: its /64). Behind a proxy of Options.Proxies it is the last address of
// X-Forwarded-For that isn't such a proxy: what stands before it, anybody can write.
func (d *Desk) source(r *http.Request) string {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "unknown"
	}
	ip := address.Addr().Unmap()
	for _, hop := range slices.Backward(strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")) {
		if !d.isProxy(ip) {
			break
		}
		told, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		ip = told.Unmap()
	}
	if ip.Is6() {
		if prefix, err := ip.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}

func (d *Desk) isProxy(ip netip.Addr) bool {
	return slices.ContainsFunc(d.options.Proxies, func(one netip.Prefix) bool { return one.Contains(ip) })
}

// tag names a user in the limit's memory without keeping what was typed: people
// type passwords into the wrong box.
func tag(user string) string {
	sum := sha256.Sum256([]byte(user))
	return string(sum[:])
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // a client that left is no error of ours
}

func answerTrouble(w http.ResponseWriter, status int, code, text string) {
	answer(w, status, map[string]trouble{"error": {code, text}})
}

// readBody reads a bounded JSON body; it has answered if ok is false.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, into any) (ok bool) {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		answerTrouble(w, http.StatusUnsupportedMediaType, "not_json", "Send application/json.")
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit)).Decode(into); err != nil {
		if _, big := err.(*http.MaxBytesError); big {
			answerTrouble(w, http.StatusRequestEntityTooLarge, "too_big", "The request is too big.")
			return false
		}
		answerTrouble(w, http.StatusBadRequest, "bad_request", "The request could not be read.")
		return false
	}
	return true
}
