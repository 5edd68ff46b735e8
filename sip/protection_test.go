package sip

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"careline/media"
	"careline/sip/srtp"
)

// keyOf is a key made of one byte, as SDP has it.
func keyOfByte(suite media.Suite, fill byte) string {
	size := 30
	if suite == media.AESGCM128 {
		size = 28
	}
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, size))
}

func cryptoFor(t testing.TB, tag int, suite media.Suite, fill byte) media.Crypto {
	t.Helper()
	key, ok := media.ParseKey(suite, keyOfByte(suite, fill))
	if !ok {
		t.Fatalf("no key for %s", suite)
	}
	return media.Crypto{Tag: tag, Suite: suite, Key: key}
}

// secureOurs is our side with keys of all suites.
func secureOurs(t testing.TB) media.Description {
	local := ours()
	for i, suite := range media.Suites() {
		local.Crypto = append(local.Crypto, cryptoFor(t, i+1, suite, 'o'))
	}
	return local
}

func line(tag int, suite media.Suite, fill byte, rest string) string {
	return fmt.Sprintf("a=crypto:%d %s inline:%s%s\r\n", tag, suite, keyOfByte(suite, fill), rest)
}

// sessionOf is an SDP with these media lines.
func sessionOf(streams ...string) string {
	return "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n" + strings.Join(streams, "")
}

func audio(port int, protocol string, attributes ...string) string {
	return fmt.Sprintf("m=audio %d %s 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", port, protocol) + strings.Join(attributes, "")
}

const dtls = "a=fingerprint:sha-256 AA:BB\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n"

func TestWhatOffersAreTakenOnWhichTerms(t *testing.T) {
	gcm, sha80, sha32 := line(1, media.AESGCM128, 'g', ""), line(2, media.AESCM128SHA80, 'a', "|2^31"), line(3, media.AESCM128SHA32, 'b', "")
	tls, udp := terms{encrypted: true}, terms{}
	never, always := terms{encrypted: true, srtp: srtp.Off}, terms{encrypted: true, srtp: srtp.Required}
	for _, test := range []struct {
		name  string
		terms terms
		offer string
		port  int // of the stream taken; 0: none
		suite media.Suite
		tag   int
		err   error
	}{
		{"plain over UDP", udp, sessionOf(audio(4000, "RTP/AVP")), 4000, 0, 0, nil},
		{"plain over TLS", tls, sessionOf(audio(4000, "RTP/AVP")), 4000, 0, 0, nil},
		{"SDES over UDP", udp, sessionOf(audio(4000, "RTP/SAVP", sha80)), 0, 0, 0, ErrKeysInClear},
		{"SDES over UDP, plain beside it", udp, sessionOf(audio(4000, "RTP/SAVP", sha80), audio(4002, "RTP/AVP")), 4002, 0, 0, nil},
		{"SDES over TLS", tls, sessionOf(audio(4000, "RTP/SAVP", sha80)), 4000, media.AESCM128SHA80, 2, nil},
		{"SDES with feedback", tls, sessionOf(audio(4000, "RTP/SAVPF", sha32)), 4000, media.AESCM128SHA32, 3, nil},
		{"the strongest of several", tls, sessionOf(audio(4000, "RTP/SAVP", sha32, sha80, gcm)), 4000, media.AESGCM128, 1, nil},
		{"secure before plain, whatever the order", tls, sessionOf(audio(4000, "RTP/AVP"), audio(4002, "RTP/SAVP", sha80)), 4002, media.AESCM128SHA80, 2, nil},
		{"secure, but refused by port 0", tls, sessionOf(audio(0, "RTP/SAVP", sha80), audio(4002, "RTP/AVP")), 4002, 0, 0, nil},
		{"optional by the telephone's notion", tls, sessionOf(audio(4000, "RTP/AVP", sha80)), 4000, media.AESCM128SHA80, 2, nil},
		{"the same over UDP", udp, sessionOf(audio(4000, "RTP/AVP", sha80)), 4000, 0, 0, nil},
		{"no suite of ours", tls, sessionOf(audio(4000, "RTP/SAVP", "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:AAAA\r\n")), 0, 0, 0, ErrNoCommonCodec},
		{"SAVP without keys", tls, sessionOf(audio(4000, "RTP/SAVP")), 0, 0, 0, ErrNoCommonCodec},
		{"SRTP is off", never, sessionOf(audio(4000, "RTP/SAVP", sha80)), 0, 0, 0, ErrNoCommonCodec},
		{"SRTP is off, optional keys", never, sessionOf(audio(4000, "RTP/AVP", sha80)), 4000, 0, 0, nil},
		{"SRTP is required", always, sessionOf(audio(4000, "RTP/AVP")), 0, 0, 0, ErrSoundInClear},
		{"SRTP is required and there", always, sessionOf(audio(4000, "RTP/AVP", sha80)), 4000, media.AESCM128SHA80, 2, nil},
		{"SRTP is required on UDP", terms{srtp: srtp.Required}, sessionOf(audio(4000, "RTP/SAVP", sha80), audio(4002, "RTP/AVP")), 0, 0, 0, ErrSoundInClear},
		{"a browser", tls, sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls)), -1, 0, 0, nil},
		{"a browser, SRTP off", never, sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls)), -1, 0, 0, nil},
		{"a browser that says SAVPF", tls, sessionOf(audio(9, "RTP/SAVPF", dtls)), -1, 0, 0, nil},
		{"a browser in the clear", udp, sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls)), -1, 0, 0, nil},
		{"a browser in the clear, SRTP required", terms{srtp: srtp.Required}, sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls)), 0, 0, 0, ErrSoundInClear},
		{"DTLS without ICE", tls, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", "a=fingerprint:sha-256 AA\r\n")), 0, 0, 0, ErrNoCommonCodec},
		{"a browser with video", tls, sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls), "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"+dtls), 0, 0, 0, ErrNoCommonCodec},
	} {
		t.Run(test.name, func(t *testing.T) {
			session, err := parseSession([]byte(test.offer), test.terms)
			must(t, err)
			agreement, err := agree(session)
			if test.port == 0 {
				if !errors.Is(err, test.err) || RefusalStatus(err) != 488 {
					t.Fatalf("error %v, want %v", err, test.err)
				}
				return
			}
			must(t, err)
			if test.port < 0 {
				if string(agreement.Remote.WebRTC) != test.offer || !agreement.open() || agreement.Remote.Direction != media.SendRecv {
					t.Fatalf("agreed on %+v", agreement)
				}
				return
			}
			if int(agreement.Remote.Address.Port()) != test.port || agreement.Remote.WebRTC != "" {
				t.Fatalf("agreed on %+v", agreement)
			}
			if test.suite == media.SuiteNone {
				if len(agreement.Remote.Crypto) > 0 {
					t.Fatalf("agreed on %+v", agreement)
				}
				return
			}
			if taken := agreement.Remote.Crypto; len(taken) != 1 || taken[0].Suite != test.suite || taken[0].Tag != test.tag {
				t.Fatalf("took %+v", taken)
			}
		})
	}
}

func TestCryptoLines(t *testing.T) {
	key := keyOfByte(media.AESCM128SHA80, 'k')
	for value, want := range map[string]bool{
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key:                                              true,
		"1 aes_cm_128_hmac_sha1_80 INLINE:" + key:                                              true,
		"999999999 AES_CM_128_HMAC_SHA1_32 inline:" + key + "|2^20":                            true,
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|4294967296 WSH=128 -FOO KDR=0":           true,
		"1 AEAD_AES_128_GCM inline:" + keyOfByte(media.AESGCM128, 'k'):                         true,
		"1 AEAD_AES_128_GCM inline:" + strings.TrimRight(keyOfByte(media.AESGCM128, 'k'), "="): true,
		"":                          false,
		"1":                         false,
		"1 AES_CM_128_HMAC_SHA1_80": false,
		"x AES_CM_128_HMAC_SHA1_80 inline:" + key:                           false,
		"-1 AES_CM_128_HMAC_SHA1_80 inline:" + key:                          false,
		"1234567890 AES_CM_128_HMAC_SHA1_80 inline:" + key:                  false,
		"1 F8_128_HMAC_SHA1_80 inline:" + key:                               false,
		"1 AES_CM_128_HMAC_SHA1_80 mikey:" + key:                            false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key[:36]:                      false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("!", 40):       false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|2^31|1:4":             false, // an identifier in each packet
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|1:4":                  false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|2^10":                 false, // lasts 20 seconds
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + ";inline:" + key:        false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + " UNENCRYPTED_SRTP":     false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + " UNAUTHENTICATED_SRTP": false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + " KDR=1":                false,
	} {
		if _, ok := parseCrypto(value); ok != want {
			t.Errorf("%q: taken %v", value, ok)
		}
	}
}

func TestOurOffersCarryKeysWhereTheyAreWorthSomething(t *testing.T) {
	for _, test := range []struct {
		name  string
		terms terms
		start string
		lines int
		err   error
	}{
		{"UDP", terms{}, "m=audio 20000 RTP/AVP 0 8 101", 0, nil},
		{"TLS", terms{encrypted: true}, "m=audio 20000 RTP/AVP 0 8 101", 3, nil},
		{"off", terms{encrypted: true, srtp: srtp.Off}, "m=audio 20000 RTP/AVP 0 8 101", 0, nil},
		{"required", terms{encrypted: true, srtp: srtp.Required}, "m=audio 20000 RTP/SAVP 0 8 101", 3, nil},
		{"required over UDP", terms{srtp: srtp.Required}, "", 0, ErrSoundInClear},
	} {
		var o origin
		body, err := o.offerSDP(secureOurs(t), test.terms)
		if !errors.Is(err, test.err) {
			t.Errorf("%s: %v", test.name, err)
		}
		if text := string(body); !strings.Contains(text, test.start) || strings.Count(text, "a=crypto:") != test.lines {
			t.Errorf("%s:\n%s", test.name, text)
		}
	}
}

func TestEncryptedCallOverTLS(t *testing.T) {
	x := startExchange(t, everyNetwork(t, newAuthority(t)))
	far := dialCaller(t, x, "tls")
	far.invite(sessionOf(audio(40000, "RTP/SAVP", line(5, media.AESCM128SHA32, 'a', ""), line(9, media.AESCM128SHA80, 'b', "|2^48"))))
	near := x.nextCall()
	must(t, near.Check())
	agreement, _ := near.Agreement()
	if want := cryptoFor(t, 9, media.AESCM128SHA80, 'b'); len(agreement.Remote.Crypto) != 1 || agreement.Remote.Crypto[0] != want {
		t.Fatalf("agreed on %+v", agreement)
	}
	must(t, near.Answer(secureOurs(t)))
	answer := far.expect("SIP/2.0 200")
	if !strings.Contains(answer, "m=audio 20000 RTP/SAVP 0 101\r\n") || strings.Count(answer, "a=crypto:") != 1 ||
		!strings.Contains(answer, line(9, media.AESCM128SHA80, 'o', "")) {
		t.Fatalf("answered\n%s", answer)
	}
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)

	// New keys by re-INVITE.
	far.send("INVITE", 2, sessionOf(audio(40000, "RTP/SAVP", line(1, media.AESCM128SHA80, 'c', ""))))
	asked := near.expect(t, EventReoffer)
	if asked.Agreement.Remote.Crypto[0] != cryptoFor(t, 1, media.AESCM128SHA80, 'c') {
		t.Fatalf("asked for %+v", asked.Agreement)
	}
	must(t, near.AnswerReoffer(secureOurs(t)))
	if again := far.expect("SIP/2.0 200"); !strings.Contains(again, line(1, media.AESCM128SHA80, 'o', "")) {
		t.Fatalf("answered\n%s", again)
	}
	far.send("ACK", 2, "")
	eventually(t, "the ACK is in", func() bool { return near.State() == StateConfirmed })

	// Keys that our side hasn't got.
	far.send("INVITE", 3, sessionOf(audio(40000, "RTP/SAVP", line(1, media.AESGCM128, 'c', ""))))
	near.expect(t, EventReoffer)
	without := secureOurs(t)
	without.Crypto = without.Crypto[1:]
	must(t, near.AnswerReoffer(without))
	far.expect("SIP/2.0 500")
	far.send("ACK", 3, "")
	must(t, near.HangUp(CauseNormal, ""))
	far.answer(far.expect("BYE "), "200 OK", "")
	near.expectEnd(t, ByLocal)
}

func TestKeysInTheClearAreRefused(t *testing.T) {
	x := startExchange(t, everyNetwork(t, newAuthority(t)))
	for _, network := range []string{"udp", "tcp", "ws"} {
		far := dialCaller(t, x, network)
		far.invite(sessionOf(audio(40000, "RTP/SAVP", line(1, media.AESCM128SHA80, 'a', ""))))
		near := x.nextCall()
		if err := near.Check(); !errors.Is(err, ErrKeysInClear) || RefusalStatus(err) != 488 {
			t.Errorf("%s: %v", network, err)
		}
		must(t, near.Refuse(488, "", 0))
		far.expect("SIP/2.0 488")
		near.expectEnd(t, ByLocal)
	}
}

// TestOfferOfOursIsAnsweredWithKeys: a call in without an offer.
func TestOfferOfOursIsAnsweredWithKeys(t *testing.T) {
	x := startExchange(t, everyNetwork(t, newAuthority(t)))
	far := dialCaller(t, x, "tls")
	far.invite("")
	near := x.nextCall()
	must(t, near.Answer(secureOurs(t)))
	offer := far.expect("SIP/2.0 200")
	if strings.Count(offer, "a=crypto:") != 3 {
		t.Fatalf("offered\n%s", offer)
	}
	far.send("ACK", 1, sessionOf(audio(40000, "RTP/AVP", line(2, media.AESCM128SHA80, 'a', ""))))
	acked := near.expect(t, EventAcked)
	if acked.Agreement.Remote.Crypto[0] != cryptoFor(t, 2, media.AESCM128SHA80, 'a') {
		t.Fatalf("agreed on %+v", acked.Agreement)
	}
	must(t, near.HangUp(CauseNormal, ""))
	far.answer(far.expect("BYE "), "200 OK", "")
}

func TestForeignKeysInAnAnswerEndTheCall(t *testing.T) {
	local := secureOurs(t)
	answer := func(cryptos ...media.Crypto) Agreement {
		return Agreement{Remote: media.Description{Crypto: cryptos}, Format: local.Formats[0]}
	}
	if err := offered(local, answer()); err != nil {
		t.Errorf("plain: %v", err)
	}
	if err := offered(local, answer(cryptoFor(t, 2, media.AESCM128SHA80, 'a'))); err != nil {
		t.Errorf("ours: %v", err)
	}
	if err := offered(local, answer(cryptoFor(t, 3, media.AESCM128SHA80, 'a'))); !errors.Is(err, errForeignKeys) {
		t.Errorf("under another tag: %v", err)
	}
	local.Crypto = local.Crypto[:1]
	if err := offered(local, answer(cryptoFor(t, 2, media.AESCM128SHA80, 'a'))); !errors.Is(err, errForeignKeys) {
		t.Errorf("another suite: %v", err)
	}
}

// What we write of keys is read as what it was.
func TestCryptoReadsAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		suite := rapid.SampledFrom(media.Suites()).Draw(rt, "suite")
		crypto := cryptoFor(t, rapid.IntRange(0, 999999999).Draw(rt, "tag"), suite, rapid.Byte().Draw(rt, "fill"))
		written := cryptoLine(crypto)
		if got, ok := parseCrypto(written.Value); !ok || got != crypto {
			rt.Fatalf("%+v", got)
		}
	})
}

// FuzzOffer reads what anybody may offer, on each of the terms; what is taken
// can be answered, and the answer has a line for each of the offer's.
func FuzzOffer(f *testing.F) {
	certificate, own := certificateOf("AB")
	for _, seed := range []string{
		offerPCM, sessionOf(audio(4000, "RTP/SAVP", line(1, media.AESCM128SHA80, 'a', "|2^31"), line(2, media.AESGCM128, 'b', ""))),
		sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls)), sessionOf(audio(0, "RTP/AVP"), audio(2, "RTP/SAVPF", line(1, media.AESCM128SHA32, 'a', " WSH=64"))),
		string(offering(everything, everythingAttributes()...)),
		sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", certificate, "a=setup:actpass\r\n")),
	} {
		f.Add(byte(12), []byte(seed))
	}
	local := secureOurs(f)
	local.Address, local.DTLS.Fingerprint = netip.MustParseAddrPort("127.0.0.1:20000"), own
	f.Fuzz(func(t *testing.T, choice byte, body []byte) {
		terms := terms{encrypted: choice&4 != 0, srtp: srtp.Policy(choice & 3)}
		if choice&8 != 0 {
			terms.codecs = media.Codecs()
		}
		session, err := parseSession(body, terms)
		if err != nil {
			return
		}
		agreement, err := agree(session)
		if err != nil {
			return
		}
		if len(agreement.Remote.Crypto) > 0 && !terms.keys() {
			t.Fatalf("keys on %+v", terms)
		}
		if agreement.Remote.WebRTC != "" {
			return
		}
		if terms.srtp == srtp.Required && len(agreement.Remote.Crypto) == 0 && !agreement.Remote.DTLS.Used() {
			t.Fatal("sound in the clear")
		}
		var o origin
		answer, err := o.answerSDP(session, agreement, local)
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseSession(answer, terms)
		if err != nil || len(back.streams) != len(session.streams) {
			t.Fatalf("%v; the answer to\n%s\nis\n%s", err, body, answer)
		}
	})
}
