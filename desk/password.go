package desk

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of a new hash: the second recommended option of RFC 9106 §4 (argon2id,
// 3 passes over 64 MiB, 4 lanes).
const (
	hashPasses  = 3
	hashMemory  = 64 << 10 // KiB
	hashLanes   = 4
	saltBytes   = 16
	keyBytes    = 32
	maxHashing  = 2 // hashes computed at once at most, so that sign-ins can't eat the memory
	maxPassword = 256
	// Bounds of what a configured hash may cost us.
	maxPasses = 16
	maxMemory = 256 << 10 // KiB
	maxLanes  = 16
)

// ErrBadHash says that a password hash is not an argon2id PHC string.
var ErrBadHash = errors.New("not an argon2id hash ($argon2id$v=19$m=…,t=…,p=…$salt$key)")

// hashPlaces is how many hashes may be computed at once on so many processors:
// each keeps hashLanes of them busy, and calls' sound wants them too.
func hashPlaces(processors int) int { return min(maxHashing, max(1, processors/hashLanes)) }

type hashed struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

// IsPasswordHash reports whether a text is an argon2id hash that a sign-in can be
// held against, within the bounds of its cost.
func IsPasswordHash(text string) bool {
	_, err := parseHash(text)
	return err == nil
}

// HashPassword makes the PHC string that a User's PasswordHash holds.
func HashPassword(password string) (string, error) {
	if password == "" || len(password) > maxPassword {
		return "", fmt.Errorf("desk: a password has 1 to %d bytes", maxPassword)
	}
	return hashWith(password, hashed{memory: hashMemory, passes: hashPasses, lanes: hashLanes})
}

func hashWith(password string, h hashed) (string, error) {
	h.salt = make([]byte, saltBytes)
	if _, err := rand.Read(h.salt); err != nil {
		return "", fmt.Errorf("desk: salt: %w", err)
	}
	key := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, keyBytes)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.memory, h.passes, h.lanes, encode(h.salt), encode(key)), nil
}

// VerifyPassword reports whether the password makes this hash. The time depends
// on the hash's cost, not on the password.
func VerifyPassword(hash, password string) (bool, error) {
	h, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	if len(password) > maxPassword {
		return false, nil
	}
	key := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1, nil
}

func parseHash(text string) (hashed, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return hashed{}, ErrBadHash
	}
	var h hashed
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil || n != 3 {
		return hashed{}, ErrBadHash
	}
	if h.passes < 1 || h.passes > maxPasses || h.lanes < 1 || h.lanes > maxLanes ||
		h.memory < 8*uint32(h.lanes) || h.memory > maxMemory {
		return hashed{}, fmt.Errorf("argon2id cost out of bounds (m ≤ %d KiB, t ≤ %d, p ≤ %d)", maxMemory, maxPasses, maxLanes)
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return hashed{}, ErrBadHash
	}
	if h.key, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil || len(h.key) < 16 || len(h.key) > 64 {
		return hashed{}, ErrBadHash
	}
	return h, nil
}

// decoyLike makes a hash that costs what the users' hashes cost, so that a name
// nobody has takes as long to refuse as a wrong password.
func decoyLike(users []User) (string, error) {
	cost := hashed{memory: hashMemory, passes: hashPasses, lanes: hashLanes}
	if len(users) > 0 {
		if h, err := parseHash(users[0].PasswordHash); err == nil {
			cost.memory, cost.passes, cost.lanes = h.memory, h.passes, h.lanes
		}
	}
	noise := make([]byte, keyBytes)
	if _, err := rand.Read(noise); err != nil {
		return "", fmt.Errorf("desk: decoy: %w", err)
	}
	return hashWith(string(noise), cost)
}
