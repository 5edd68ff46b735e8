package media

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"pgregory.net/rapid"
)

func TestKeysShowInNoPrint(t *testing.T) {
	crypto := Crypto{Tag: 1, Suite: AESCM128SHA80, Key: newKey(AESCM128SHA80)}
	description := Description{Crypto: []Crypto{crypto}, WebRTC: "a=ice-pwd:secret"}
	core, logs := observer.New(zap.DebugLevel)
	zap.New(core).Info("agreed", zap.Any("description", description), zap.Stringer("key", crypto.Key))
	encoded, err := json.Marshal(description)
	if err != nil {
		t.Fatal(err)
	}
	printed := string(encoded)
	for _, entry := range logs.All() {
		text, err := json.Marshal(entry.ContextMap())
		if err != nil {
			t.Fatal(err)
		}
		printed += string(text)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		printed += fmt.Sprintf(verb, description) + fmt.Sprintf(verb, crypto) + fmt.Sprintf(verb, crypto.Key) + fmt.Sprintf(verb, &crypto)
	}
	key := crypto.Key.bytes
	for _, secret := range []string{crypto.Key.Inline()[:8], fmt.Sprintf("%x", key[:4]), fmt.Sprintf("%X", key[:4]),
		fmt.Sprint(key[:3])[1:8], "secret"} {
		if strings.Contains(printed, secret) {
			t.Errorf("%q shows in %s", secret, printed)
		}
	}
}

func TestKeyReadsAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		suite := rapid.SampledFrom(Suites()).Draw(t, "suite")
		var key Key
		copy(key.bytes[:], rapid.SliceOfN(rapid.Byte(), suite.keyBytes(), suite.keyBytes()).Draw(t, "key"))
		key.size = uint8(suite.keyBytes())
		got, ok := ParseKey(suite, key.Inline())
		if !ok || got != key {
			t.Fatal("another key came back")
		}
		if _, ok := ParseKey(suite, strings.TrimRight(key.Inline(), "=")); !ok {
			t.Fatal("without padding it isn't read")
		}
		if _, ok := ParseKey(suite, key.Inline()[4:]); ok {
			t.Fatal("a short key is read")
		}
	})
	if ParseSuite("aes_cm_128_hmac_sha1_80") != AESCM128SHA80 || ParseSuite("AES_256_CM_HMAC_SHA1_80") != SuiteNone {
		t.Error("suites by name")
	}
}
