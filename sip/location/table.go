package location

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// What options fall back to.
const (
	DefaultMinExpires = 60 * time.Second
	DefaultExpires    = 5 * time.Minute
	// DefaultMaxExpires is short because bindings don't outlive a restart: so long
	// a phone may be out of reach afterwards.
	DefaultMaxExpires  = 10 * time.Minute
	DefaultMaxContacts = 6
	DefaultMaxBindings = 10_000

	// briefest is where RFC 3261 section 10.3 ends a registrar's right to call
	// an interval too brief.
	briefest = time.Hour
)

// Options bound a Table. What is left zero takes its default.
type Options struct {
	// MinExpires is the shortest interval granted; a shorter one is refused with
	// a *BriefError. At most an hour.
	MinExpires time.Duration
	// Expires is granted where the phone named none, and MaxExpires at most.
	Expires, MaxExpires time.Duration
	// MaxContacts is how many a record may have. One more drops the one that was
	// registered longest ago: a phone that changes its port at each start must
	// not lock itself out.
	MaxContacts int
	// MaxBindings is how many there may be in all; one more is ErrFull.
	MaxBindings int
}

// Errors of Register.
var (
	// ErrOutOfOrder: a later request of the same phone was here first.
	ErrOutOfOrder = errors.New("location: a later registration came first")
	// ErrFull: the table holds as many bindings as it may.
	ErrFull = errors.New("location: no room for another binding")
	// ErrTooMany: more contacts in one request than a record may have.
	ErrTooMany = errors.New("location: more contacts than a phone may have")
)

// BriefError says that an interval is too brief (423), and what would do.
type BriefError struct{ Min time.Duration }

// Error says what would do.
func (e *BriefError) Error() string {
	return fmt.Sprintf("location: the interval is too brief; ask for %s or more", e.Min)
}

// Table holds the bindings of all records.
type Table struct {
	options Options
	records map[string][]Binding
	count   int
}

// New makes an empty table.
func New(options Options) *Table {
	if options.MinExpires <= 0 {
		options.MinExpires = DefaultMinExpires
	}
	options.MinExpires = min(options.MinExpires, briefest)
	if options.MaxExpires <= 0 {
		options.MaxExpires = DefaultMaxExpires
	}
	options.MaxExpires = max(options.MaxExpires, options.MinExpires)
	if options.Expires <= 0 {
		options.Expires = DefaultExpires
	}
	options.Expires = min(max(options.Expires, options.MinExpires), options.MaxExpires)
	if options.MaxContacts <= 0 {
		options.MaxContacts = DefaultMaxContacts
	}
	if options.MaxBindings <= 0 {
		options.MaxBindings = DefaultMaxBindings
	}
	return &Table{options: options, records: map[string][]Binding{}}
}

// Register does what a registration asks, whole or not at all, and returns the
// record's bindings as they stand then, the preferred first. Errors:
// ErrOutOfOrder, ErrTooMany, ErrFull, *BriefError.
func (t *Table) Register(now time.Time, r Registration) ([]Binding, error) {
	standing := alive(now, t.records[r.Record])
	if r.RemoveAll {
		for _, binding := range standing {
			if binding.after(r) {
				return nil, ErrOutOfOrder
			}
		}
		t.keep(r.Record, nil)
		return nil, nil
	}
	if len(r.Contacts) > t.options.MaxContacts {
		return nil, ErrTooMany
	}
	next := slices.Clone(standing)
	for _, contact := range r.Contacts {
		granted, err := t.grant(contact.Expires, r.Limit)
		if err != nil {
			return nil, err
		}
		for _, binding := range standing {
			if binding.same(contact) && binding.after(r) {
				return nil, ErrOutOfOrder
			}
		}
		next = slices.DeleteFunc(next, func(b Binding) bool { return b.same(contact) })
		if granted > 0 {
			next = append(next, Binding{
				Contact: contact, CallID: r.CallID, CSeq: r.CSeq, Path: slices.Clone(r.Path), Flow: r.Flow,
				Confined: r.Confined, Updated: now, Until: now.Add(granted),
			})
		}
	}
	slices.SortStableFunc(next, func(a, b Binding) int { return b.Updated.Compare(a.Updated) })
	next = next[:min(len(next), t.options.MaxContacts)]
	if t.count-len(t.records[r.Record])+len(next) > t.options.MaxBindings {
		return nil, ErrFull
	}
	t.keep(r.Record, next)
	return t.Lookup(now, r.Record), nil
}

// after reports whether a binding was made by a request later than this one, or
// by this very one (RFC 3261 section 10.3, step 7).
func (b Binding) after(r Registration) bool { return b.CallID == r.CallID && b.CSeq >= r.CSeq }

// grant decides on an interval; 0 removes the binding.
func (t *Table) grant(asked, limit time.Duration) (time.Duration, error) {
	most := t.options.MaxExpires
	if limit > 0 {
		most = min(most, limit)
	}
	switch {
	case asked == Unasked:
		return min(t.options.Expires, most), nil
	case asked <= 0:
		return 0, nil
	case asked < t.options.MinExpires:
		return 0, &BriefError{Min: t.options.MinExpires}
	}
	return min(asked, most), nil
}

func (t *Table) keep(record string, bindings []Binding) {
	t.count += len(bindings) - len(t.records[record])
	if len(bindings) == 0 {
		delete(t.records, record)
		return
	}
	t.records[record] = bindings
}

func alive(now time.Time, bindings []Binding) []Binding {
	var standing []Binding
	for _, binding := range bindings {
		if binding.Until.After(now) {
			standing = append(standing, binding)
		}
	}
	return standing
}

// Lookup lists where a record can be reached now: by preference, the latest
// registered first among equals.
func (t *Table) Lookup(now time.Time, record string) []Binding {
	standing := alive(now, t.records[record])
	slices.SortStableFunc(standing, func(a, b Binding) int {
		return cmp.Or(cmp.Compare(b.Q, a.Q), b.Updated.Compare(a.Updated))
	})
	return standing
}

// Expire forgets what has ended by now, and names the records that lost their
// last binding.
func (t *Table) Expire(now time.Time) []string {
	return t.remove(func(b Binding) bool { return !b.Until.After(now) })
}

// Lost forgets the bindings that could be reached over a connection alone that
// is gone, and names the records that lost their last one.
func (t *Table) Lost(remote netip.AddrPort) []string {
	return t.remove(func(b Binding) bool { return b.Confined && b.Flow.Network != "udp" && b.Flow.Remote == remote })
}

func (t *Table) remove(gone func(Binding) bool) []string {
	var emptied []string
	for record, bindings := range maps.All(t.records) {
		if !slices.ContainsFunc(bindings, gone) {
			continue
		}
		kept := slices.DeleteFunc(slices.Clone(bindings), gone)
		t.keep(record, kept)
		if len(kept) == 0 {
			emptied = append(emptied, record)
		}
	}
	slices.Sort(emptied)
	return emptied
}

// Len counts the bindings, those included that have ended and aren't forgotten.
func (t *Table) Len() int { return t.count }
