package digest

import "testing"

// The examples that the RFCs print.
func TestResponsesOfTheRFCs(t *testing.T) {
	get := func(nonce, cnonce, uri string) proof {
		return proof{nonce: nonce, cnonce: cnonce, count: "00000001", qop: qopAuth, method: "GET", uri: uri}
	}
	mufasa := get("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "/dir/index.html")
	older := get("dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b", "/dir/index.html")
	oldest := older
	oldest.qop = ""
	cases := []struct {
		name                      string
		algorithm                 Algorithm
		username, realm, password string
		proof                     proof
		want                      string
	}{
		{"RFC 7616 section 3.9.1, MD5", MD5, "Mufasa", "http-auth@example.org", "Circle of Life", mufasa,
			"8ca523f5e9506fed4657c9700eebdbec"},
		{"RFC 7616 section 3.9.1, SHA-256", SHA256, "Mufasa", "http-auth@example.org", "Circle of Life", mufasa,
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"RFC 7616 section 3.9.2 as erratum 4897 corrects it, SHA-512-256", SHA512t256, "J\u00e4s\u00f8n Doe", "api@example.org", "Secret, or not?",
			get("5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", "/doe.json"),
			"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"},
		{"RFC 2617 section 3.5", MD5, "Mufasa", "testrealm@host.com", "Circle Of Life", older,
			"6629fae49393a05397450978507c4ef1"},
		{"RFC 2069 as erratum 749 corrects it", MD5, "Mufasa", "testrealm@host.com", "CircleOfLife", oldest,
			"1949323746fe6a43ef61f9606e7febea"},
	}
	for _, c := range cases {
		if got := c.algorithm.response(c.algorithm.of(c.username, c.realm, c.password), false, c.proof); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Values that another implementation (Python's hashlib, by the formulas of RFC
// 7616 sections 3.4.2 and 3.4.3) gave.
func TestSessionsAndIntegrity(t *testing.T) {
	p := proof{nonce: "n", cnonce: "c", count: "00000001", qop: qopAuth, method: "INVITE", uri: "sip:a@b"}
	whole := p
	whole.qop, whole.body = qopInt, []byte("v=0\r\n")
	cases := []struct {
		name      string
		algorithm Algorithm
		session   bool
		proof     proof
		want      string
	}{
		{"MD5-sess", MD5, true, p, vectorMD5Session},
		{"SHA-256-sess", SHA256, true, p, vectorSHA256Session},
		{"SHA-256 auth-int", SHA256, false, whole, vectorSHA256Integrity},
	}
	for _, c := range cases {
		if got := c.algorithm.response(c.algorithm.of("u", "r", "p"), c.session, c.proof); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

const (
	vectorMD5Session      = "4f1814a989082d4b062617cdedb106e9"
	vectorSHA256Session   = "c3b33fd07eebe5369d35b9398633c14d6343a6c0c2c42aa02b3e1d112a3d975e"
	vectorSHA256Integrity = "8b1da649dbef15bdef76d07499ffcf23ae7d7cadaa9d3d9c06ae5bf046e7153b"
)
