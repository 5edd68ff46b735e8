package digest

import (
	"container/list"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

const (
	stampBytes = 8
	saltBytes  = 8
	proofBytes = 16
	nonceBytes = stampBytes + saltBytes + proofBytes
	window     = 64 // counts behind the highest that may still come, once each
)

// mint makes a nonce that proves by itself when we made it.
func mint(key []byte, realm string, now time.Time) string {
	var raw [nonceBytes]byte
	binary.BigEndian.PutUint64(raw[:], uint64(now.UnixMilli()))
	salt := raw[stampBytes : stampBytes+saltBytes]
	if _, err := rand.Read(salt); err != nil {
		panic(fmt.Sprintf("digest: draw a nonce: %v", err)) // crypto/rand never returns an error
	}
	copy(raw[stampBytes+saltBytes:], prove(key, realm, raw[:stampBytes+saltBytes]))
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func prove(key []byte, realm string, stamped []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(stamped)
	mac.Write([]byte(realm))
	return mac.Sum(nil)[:proofBytes]
}

// minted tells when we made a nonce; false where we didn't.
func minted(key []byte, realm, nonce string) (time.Time, bool) {
	if len(nonce) != base64.RawURLEncoding.EncodedLen(nonceBytes) {
		return time.Time{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || !hmac.Equal(raw[stampBytes+saltBytes:], prove(key, realm, raw[:stampBytes+saltBytes])) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(raw))), true
}

// usage remembers which counts of which nonces were used, for as many nonces as
// fit. The floor makes forgetting safe: what was made before it and isn't
// remembered is stale, whether it was used or not.
type usage struct {
	mu     sync.Mutex
	limit  int
	floor  time.Time
	uses   map[string]*list.Element
	oldest *list.List // of *use, by first use
}

type use struct {
	nonce   string
	made    time.Time
	highest uint32
	behind  uint64 // bit i: the count highest-i was used
}

func newUsage(limit int, floor time.Time) *usage {
	return &usage{limit: limit, floor: floor, uses: map[string]*list.Element{}, oldest: list.New()}
}

// spend uses a nonce's count; false where it was used before, or may have been.
func (u *usage) spend(nonce string, made time.Time, count uint32, expired func(made time.Time) bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if known, ok := u.uses[nonce]; ok {
		return known.Value.(*use).spend(count)
	}
	if !made.After(u.floor) {
		return false
	}
	for front := u.oldest.Front(); front != nil; front = u.oldest.Front() {
		first := front.Value.(*use)
		if u.oldest.Len() < u.limit && !expired(first.made) {
			break
		}
		if first.made.After(u.floor) {
			u.floor = first.made
		}
		u.oldest.Remove(front)
		delete(u.uses, first.nonce)
	}
	u.uses[nonce] = u.oldest.PushBack(&use{nonce: nonce, made: made, highest: count, behind: 1})
	return true
}

// spend allows for requests that overtook each other (RFC 7616 section 5.12
// leaves the check to us): a window such as RFC 4303's.
func (u *use) spend(count uint32) bool {
	if count > u.highest {
		u.behind = u.behind<<min(count-u.highest, window) | 1
		u.highest = count
		return true
	}
	back := u.highest - count
	if back >= window || u.behind&(1<<back) != 0 {
		return false
	}
	u.behind |= 1 << back
	return true
}
