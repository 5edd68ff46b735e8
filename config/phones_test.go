package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"careline/sip/digest"
)

const demoPhone = `  maria-desk:
    agent: maria
    md5: 2ed112f026debb965ac30ffcb616ba7e
    sha256: de1505f69aa35f0a20b5ec61ae7d4a3d5ced4a560127e9333b702a87cfbaf3ba
`

func TestTheDemosPhoneHasTheDemosPassword(t *testing.T) {
	settings, err := LoadAt("demo", autumn())
	if err != nil {
		t.Fatal(err)
	}
	registrar := settings.SIP.Registrar
	if registrar == nil || settings.Content.Phones["maria"] != "maria-desk" || len(settings.Content.Phones) != 1 {
		t.Fatalf("phones %v, registrar %+v", settings.Content.Phones, registrar)
	}
	secret, known := registrar.Secret("maria-desk")
	if want := digest.NewSecret("maria-desk", registrar.Realm, settings.Demo.Password); !known || secret != want {
		t.Error("the phone's hashes aren't of the demo's password")
	}
	if _, known := registrar.Secret("james-desk"); known {
		t.Error("a phone that isn't there is known")
	}
	if registrar.Bindings.MinExpires != time.Minute || registrar.NonceLifetime != 5*time.Minute {
		t.Errorf("bounds %+v, %s", registrar.Bindings, registrar.NonceLifetime)
	}
}

func TestPhonesAreLetInAndNotTrusted(t *testing.T) {
	settings, err := LoadAt(copied(t, phonesFile, "algorithms: [md5]\n", "algorithms: [md5]\nsources: [198.51.100.0/24]\n"), autumn())
	if err != nil {
		t.Fatal(err)
	}
	office := netip.MustParsePrefix("198.51.100.0/24")
	if !slices.Contains(settings.SIP.Sources, office) || slices.Contains(settings.SIP.Trusted, office) {
		t.Errorf("let in %v, trusted %v", settings.SIP.Sources, settings.SIP.Trusted)
	}
}

func TestWithoutPhonesNoneCanRegister(t *testing.T) {
	dir := copied(t)
	if err := os.Remove(filepath.Join(dir, phonesFile)); err != nil {
		t.Fatal(err)
	}
	settings, err := LoadAt(dir, autumn())
	if err != nil || settings.SIP.Registrar != nil || len(settings.Content.Phones) != 0 {
		t.Errorf("%v, %+v", err, settings)
	}
}

func TestPhonesNeedPortsToo(t *testing.T) {
	_, err := LoadAt(copied(t, "careline.yaml", "20000-20999", "20000-20799"), autumn())
	if want := "400 calls and 1 desk phones need 401 even RTP ports, and media.ports has 400"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestMistakesInPhones(t *testing.T) {
	cases := []struct{ name, with, want string }{
		{"nobody's", strings.Replace(demoPhone, "agent: maria", "agent: marai", 1), `phones.yaml:12:12: "marai" is not an agent; did you mean "maria"?`},
		{"without an agent", strings.Replace(demoPhone, "    agent: maria\n", "", 1), `phone "maria-desk" has no agent`},
		{"a second one", demoPhone + strings.Replace(demoPhone, "maria-desk", "maria-home", 1), `maria has phone "maria-desk" already; one phone an agent`},
		{"the password itself", strings.NewReplacer("2ed112f026debb965ac30ffcb616ba7e", "open-sesame").Replace(demoPhone), `careline password --sip maria-desk`},
		{"no hash", strings.Split(demoPhone, "    md5")[0], `has no usable hash of its password`},
		{"a name that no phone has", strings.Replace(demoPhone, "maria-desk", "Maria Desk", 1), `can't be a phone's user name`},
		{"an unknown key", demoPhone + "colour: blue\n", `colour`},
		{"an endless least", demoPhone + "min_expires: 2h\n", "min_expires is 2h0m0s; write 1s to 1h"},
		{"outside its bounds", demoPhone + "expires: 30s\n", "expires is 30s, outside of"},
		{"no devices", demoPhone + "max_contacts: 0\n", "max_contacts is 0; write 1 to 20"},
		{"no time to answer", demoPhone + "nonce_lifetime: 0s\n", "no phone can answer a challenge within 0s"},
		{"no algorithm", demoPhone + "algorithms: []\n", "no phone could answer a challenge by no algorithm"},
		{"an unknown one", demoPhone + "algorithms: [sha1]\n", `"sha1" is not an algorithm`},
		{"no hash by the one asked for", strings.Split(demoPhone, "    sha256")[0] + "algorithms: [sha-256]\n", `has no usable hash of its password`},
		{"no realm", demoPhone + "realm: ''\n", "the realm is empty"},
	}
	for _, c := range cases {
		_, err := LoadAt(copied(t, phonesFile, "algorithms: [md5]\n", "", phonesFile, demoPhone, c.with), autumn())
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "open-sesame") {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}
