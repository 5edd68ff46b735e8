package lookup

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Defaults of a Service.
const (
	DefaultConnect   = 2 * time.Second
	DefaultTime      = 5 * time.Second
	DefaultMaxAnswer = 256 << 10
	DefaultAtOnce    = 20
	DefaultFailures  = 5
	DefaultRest      = 30 * time.Second
	// MaxTime bounds Time: a flow waits a little longer (ivr.LookUpGuard).
	MaxTime = 15 * time.Second
	// maxHeaders bounds an answer's headers, in bytes.
	maxHeaders = 64 << 10
	// idleTime is how long a connection is kept for the next look-up.
	idleTime = time.Minute
	// retryAfter is how long we wait before we ask again.
	retryAfter = 100 * time.Millisecond
)

// Service is somebody whom look-ups ask. Zero durations and limits take the
// defaults.
type Service struct {
	Name string
	// Recipient is who runs it, for the accounting of disclosures; empty: Name.
	Recipient string
	// FHIR: it is a FHIR R4 server.
	FHIR bool
	// URL that paths are below. Clear HTTP goes to this very machine only.
	URL string
	// Headers go along with each request; they may hold secrets and are never told.
	Headers http.Header
	// TLS may hold authorities and a certificate of our own; nil: the system's
	// authorities.
	TLS *tls.Config
	// Connect bounds the connection and its handshake, Time all of a look-up,
	// retries included.
	Connect, Time time.Duration
	// MaxAnswer is how many bytes of an answer are read, decompressed; a longer one
	// is a failure.
	MaxAnswer int64
	// Redirects are followed so often, by get, to the same scheme, host and port
	// alone: what we send is for nobody else.
	Redirects int
	// AtOnce are the look-ups sent at the same time; more wait, within Time.
	AtOnce int
	// After Failures in a row nothing is sent for Rest.
	Failures int
	Rest     time.Duration
}

// CheckURL says what is wrong with a service's URL.
func CheckURL(text string) error {
	address, err := url.Parse(text)
	switch {
	case err != nil || address.Host == "" || address.Hostname() == "":
		return errors.New("it is no address")
	case address.User != nil:
		return errors.New("a secret stands in it")
	case address.RawQuery != "" || address.Fragment != "":
		return errors.New("something follows its path")
	case address.Scheme == "https":
		return nil
	case address.Scheme != "http":
		return errors.New("it is neither https nor http")
	case !isLoopback(address.Hostname()):
		return errors.New("what is sent there could be read on the way (45 CFR 164.312(e))")
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// server is a service at work.
type server struct {
	Service
	http    *http.Client
	breaker *breaker
	slots   chan struct{}
	counters
}

func newServer(s Service) (*server, error) {
	if err := CheckURL(s.URL); err != nil {
		return nil, fmt.Errorf("lookup: service %s: %w", s.Name, err)
	}
	if s.Connect < 0 || s.Time < 0 || s.Time > MaxTime || s.MaxAnswer < 0 || s.Redirects < 0 || s.AtOnce < 0 || s.Failures < 0 || s.Rest < 0 {
		return nil, fmt.Errorf("lookup: service %s: a limit or a time is out of bounds", s.Name)
	}
	s.URL = strings.TrimSuffix(s.URL, "/")
	if s.Recipient == "" {
		s.Recipient = s.Name
	}
	s.Connect, s.Time, s.Rest = orDefault(s.Connect, DefaultConnect), orDefault(s.Time, DefaultTime), orDefault(s.Rest, DefaultRest)
	s.MaxAnswer, s.AtOnce, s.Failures = orDefault(s.MaxAnswer, DefaultMaxAnswer), orDefault(s.AtOnce, DefaultAtOnce), orDefault(s.Failures, DefaultFailures)
	secured := &tls.Config{}
	if s.TLS != nil {
		secured = s.TLS.Clone()
	}
	secured.MinVersion = max(secured.MinVersion, tls.VersionTLS12)
	dialer := &net.Dialer{Timeout: s.Connect, Control: refuseLinkLocal}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: secured, TLSHandshakeTimeout: s.Connect,
		MaxResponseHeaderBytes: maxHeaders, MaxConnsPerHost: s.AtOnce, MaxIdleConnsPerHost: s.AtOnce,
		IdleConnTimeout: idleTime, ForceAttemptHTTP2: true,
	}
	return &server{
		Service: s,
		http:    &http.Client{Transport: transport, CheckRedirect: redirects(s.Redirects)},
		breaker: &breaker{failures: s.Failures, rest: s.Rest},
		slots:   make(chan struct{}, s.AtOnce),
	}, nil
}

func orDefault[T int | int64 | time.Duration](value, standard T) T {
	if value == 0 {
		return standard
	}
	return value
}

var (
	errRedirect  = errors.New("it sends us elsewhere, where we don't go")
	errLinkLocal = errors.New("its name leads to a link-local address, where no service is and clouds keep their secrets")
)

// redirects follows at most so many, and only to where the look-up was sent.
func redirects(most int) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		first := via[0]
		if len(via) > most || first.Method != http.MethodGet || next.URL.Scheme != first.URL.Scheme || next.URL.Host != first.URL.Host {
			return errRedirect
		}
		return nil
	}
}

// refuseLinkLocal keeps a name from being turned to where a machine's own cloud
// tells its secrets.
func refuseLinkLocal(_, address string, _ syscall.RawConn) error {
	where, err := netip.ParseAddrPort(address)
	if err != nil || where.Addr().Unmap().IsLinkLocalUnicast() || where.Addr().IsMulticast() || where.Addr().IsUnspecified() {
		return errLinkLocal
	}
	return nil
}

// told gives an error of the HTTP client in words that repeat nothing of what was
// sent or received.
func told(ctx context.Context, err error) error {
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errRedirect):
		return errRedirect
	case errors.Is(err, errLinkLocal):
		return errLinkLocal
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return errTooSlow
	case ctx.Err() != nil:
		return context.Canceled
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &name):
		return errors.New("its certificate isn't one that we trust for it: give its authority under tls, or mend its name")
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return errors.New("it doesn't speak TLS")
	case errors.As(err, &network) && network.Op == "dial":
		return passing{errors.New("it can't be reached: " + network.Op + " " + network.Err.Error())}
	case errors.As(err, &network):
		return passing{errors.New("the connection broke: " + network.Op)}
	}
	return passing{errors.New("its answer is no whole HTTP message")}
}
