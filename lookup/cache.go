package lookup

import (
	"container/list"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"time"

	"careline/phi"
)

// DefaultCached is how many answers are kept for look-ups that keep them; where
// one more comes, the one not used for longest goes.
const DefaultCached = 10_000

// cache keeps answers under a keyed fingerprint of what was asked, which tells
// nothing without the key.
type cache struct {
	most int
	key  []byte

	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	// byUse has the entry used last in front.
	byUse *list.List
}

type cacheKey [sha256.Size]byte

type cached struct {
	key     cacheKey
	fields  map[string]phi.String
	expires time.Time
}

func newCache(most int) *cache {
	key := make([]byte, 32)
	rand.Read(key) // never fails (crypto/rand)
	return &cache{most: most, key: key, entries: map[cacheKey]*list.Element{}, byUse: list.New()}
}

// keyOf fingerprints a look-up, by its version, with its values.
func (c *cache) keyOf(version string, values map[string]string) cacheKey {
	mac := hmac.New(sha256.New, c.key)
	write := func(text string) {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
		mac.Write([]byte(text))
	}
	write(version)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		write(name)
		write(values[name])
	}
	return cacheKey(mac.Sum(nil))
}

func (c *cache) get(key cacheKey, now time.Time) (map[string]phi.String, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[key]
	if !ok {
		return nil, false
	}
	entry := element.Value.(*cached)
	if !now.Before(entry.expires) {
		c.remove(element)
		return nil, false
	}
	c.byUse.MoveToFront(element)
	return maps.Clone(entry.fields), true
}

func (c *cache) put(key cacheKey, fields map[string]phi.String, expires time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.entries[key]; ok {
		c.remove(element)
	}
	c.entries[key] = c.byUse.PushFront(&cached{key, maps.Clone(fields), expires})
	for len(c.entries) > c.most {
		c.remove(c.byUse.Back())
	}
}

func (c *cache) remove(element *list.Element) {
	c.byUse.Remove(element)
	delete(c.entries, element.Value.(*cached).key)
}
