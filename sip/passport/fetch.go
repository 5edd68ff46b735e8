package passport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Fetched is a certificate's chain in PEM, and how long it may be kept.
type Fetched struct {
	Chain  []byte
	MaxAge time.Duration
}

// Fetcher gets the certificate chain at a URL that has passed checkLocation. It
// must end with ctx.
type Fetcher func(ctx context.Context, location string) (Fetched, error)

const maxChainBytes = 64 << 10

// errLocation: the far side asks us to fetch from where no carrier keeps its
// certificates.
var errLocation = errors.New("passport: the certificate's address must be https, on port 443 or 8443, without user, query or fragment")

// checkLocation bounds what a stranger can make us fetch (ATIS-1000074 section
// 5.3.1: https, port 443 or 8443).
func checkLocation(location string) error {
	parsed, err := url.Parse(location)
	if err != nil || parsed.Scheme != "https" || parsed.Hostname() == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return errLocation
	}
	switch parsed.Port() {
	case "", "443", "8443":
		return nil
	}
	return errLocation
}

// FetchHTTPS gets a chain over HTTPS: no redirects, 64 KiB at most, and never
// from a loopback, private or link-local address, whatever name leads there:
// the URL is a stranger's, and must not reach what only we can reach.
func FetchHTTPS(ctx context.Context, location string) (Fetched, error) {
	dialer := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error { return refuseInside(address) }}
	return fetchBy(ctx, &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}, location)
}

func fetchBy(ctx context.Context, transport http.RoundTripper, location string) (Fetched, error) {
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return Fetched{}, errLocation
	}
	request.Header.Set("Accept", "application/pem-certificate-chain, application/x-pem-file, application/octet-stream")
	response, err := client.Do(request)
	if err != nil {
		return Fetched{}, fmt.Errorf("%w: %w", ErrFetch, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return Fetched{}, fmt.Errorf("%w: the server answers %d", ErrFetch, response.StatusCode)
	}
	chain, err := io.ReadAll(io.LimitReader(response.Body, maxChainBytes+1))
	if err != nil || len(chain) > maxChainBytes {
		return Fetched{}, fmt.Errorf("%w: it is cut off or longer than %d bytes", ErrFetch, maxChainBytes)
	}
	return Fetched{Chain: chain, MaxAge: maxAge(response.Header.Get("Cache-Control"))}, nil
}

// refuseInside refuses addresses that only we can reach; it sees the address
// that a name led to.
func refuseInside(address string) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return errLocation
	}
	host := parsed.Addr().Unmap()
	if !host.IsGlobalUnicast() || host.IsPrivate() {
		return errLocation
	}
	return nil
}

// maxAge reads max-age out of Cache-Control (RFC 9111 section 5.2.2.1).
func maxAge(header string) time.Duration {
	for directive := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
			return time.Duration(seconds) * time.Second
		}
	}
	return 0
}
