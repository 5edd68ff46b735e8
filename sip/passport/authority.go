package passport

import (
	"crypto/x509"
	"encoding/asn1"
	"math/big"
)

// authority is a certificate's TNAuthList (RFC 8226 section 9): which numbers
// its holder may sign for.
type authority struct {
	provider bool // a service provider code: the carrier answers for all that it signs
	ranges   []numberRange
}

// numberRange is count numbers from start on.
type numberRange struct{ start, count *big.Int }

// The tags of RFC 8226's TNEntry.
const (
	tagProvider = 0
	tagRange    = 1
	tagOne      = 2
)

func authorityIdentifier() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 26}
}

// readAuthority takes the TNAuthList out of a certificate.
func readAuthority(certificate *x509.Certificate) (authority, error) {
	for _, extension := range certificate.Extensions {
		if extension.Id.Equal(authorityIdentifier()) {
			return parseAuthority(extension.Value)
		}
	}
	return authority{}, ErrCertificate
}

func parseAuthority(der []byte) (authority, error) {
	var entries []asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &entries); err != nil || len(rest) > 0 || len(entries) == 0 {
		return authority{}, ErrCertificate
	}
	var read authority
	for _, entry := range entries {
		if entry.Class != asn1.ClassContextSpecific {
			return authority{}, ErrCertificate
		}
		var err error
		switch entry.Tag {
		case tagProvider:
			var code string
			_, err = asn1.UnmarshalWithParams(entry.Bytes, &code, "ia5")
			read.provider = read.provider || code != ""
		case tagRange:
			var span struct {
				Start string `asn1:"ia5"`
				Count *big.Int
			}
			if _, err = asn1.Unmarshal(entry.Bytes, &span); err == nil {
				err = read.add(span.Start, span.Count)
			}
		case tagOne:
			var number string
			if _, err = asn1.UnmarshalWithParams(entry.Bytes, &number, "ia5"); err == nil {
				err = read.add(number, big.NewInt(1))
			}
		}
		if err != nil {
			return authority{}, ErrCertificate
		}
	}
	return read, nil
}

func (a *authority) add(start string, count *big.Int) error {
	first, ok := new(big.Int).SetString(canonical(start), 10)
	if !ok || count == nil || count.Sign() <= 0 {
		return ErrCertificate
	}
	a.ranges = append(a.ranges, numberRange{start: first, count: count})
	return nil
}

// covers reports whether the holder may sign for a number.
func (a authority) covers(number string) bool {
	if a.provider {
		return true
	}
	value, ok := new(big.Int).SetString(canonical(number), 10)
	if !ok {
		return false
	}
	for _, span := range a.ranges {
		if value.Cmp(span.start) >= 0 && value.Cmp(new(big.Int).Add(span.start, span.count)) < 0 {
			return true
		}
	}
	return false
}
