package sip

import (
	"errors"
	"strings"
	"testing"

	"careline/media"
	"careline/sip/srtp"
)

// certificateOf is a fingerprint's line, and its value as it is read.
func certificateOf(octet string) (line, value string) {
	value = "sha-256 " + strings.TrimSuffix(strings.Repeat(octet+":", 32), ":")
	return "a=fingerprint:" + value + "\r\n", value
}

func TestOffersOfDTLSWithoutICE(t *testing.T) {
	theirs, value := certificateOf("AB")
	_, own := certificateOf("01")
	const setup = "a=setup:actpass\r\n"
	udp, tls := terms{}, terms{encrypted: true}
	sdes := line(1, media.AESGCM128, 'g', "")
	for name, c := range map[string]struct {
		terms terms
		offer string
		role  media.Setup // already ours, from before
		want  string      // our part; "" where the offer is refused
		err   error
	}{
		"in any part":          {udp, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", theirs, setup)), 0, "passive", nil},
		"it begins":            {udp, sessionOf(audio(4000, "UDP/TLS/RTP/SAVPF", theirs, "a=setup:active\r\n")), 0, "passive", nil},
		"it waits":             {tls, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", theirs, "a=setup:passive\r\n")), 0, "active", nil},
		"not said":             {tls, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", theirs)), 0, "passive", nil},
		"again, we have begun": {tls, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", theirs, setup)), media.SetupActive, "active", nil},
		"of the whole session": {udp, strings.Replace(sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", setup)), "t=0 0\r\n", "t=0 0\r\n"+theirs, 1), 0, "passive", nil},
		"rather than by keys":  {tls, sessionOf(audio(4002, "RTP/SAVP", sdes), audio(4000, "UDP/TLS/RTP/SAVP", theirs, setup)), 0, "passive", nil},
		"in lower case":        {udp, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", strings.ToLower(theirs), setup)), 0, "passive", nil},
		"a weak hash first":    {udp, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", "a=fingerprint:sha-1 AB\r\n", theirs, setup)), 0, "passive", nil},
		"nobody begins":        {udp, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", theirs, "a=setup:holdconn\r\n")), 0, "", ErrNoCommonCodec},
		"a weak hash alone":    {udp, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", "a=fingerprint:sha-1 AB\r\n", setup)), 0, "", ErrNoCommonCodec},
		"no fingerprint":       {udp, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", setup)), 0, "", ErrNoCommonCodec},
		"SRTP is off":          {terms{srtp: srtp.Off}, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", theirs, setup)), 0, "", ErrNoCommonCodec},
		"a must, in the clear": {terms{srtp: srtp.Required}, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", theirs, setup)), 0, "", ErrSoundInClear},
		"a must":               {terms{encrypted: true, srtp: srtp.Required}, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", theirs, setup)), 0, "passive", nil},
	} {
		t.Run(name, func(t *testing.T) {
			session, err := parseSession([]byte(c.offer), c.terms)
			must(t, err)
			agreement, err := agree(session)
			if c.want == "" {
				if !errors.Is(err, c.err) {
					t.Fatalf("error %v, want %v", err, c.err)
				}
				return
			}
			must(t, err)
			if agreement.Remote.DTLS.Fingerprint != value || agreement.Remote.Address.Port() != 4000 || agreement.Remote.WebRTC != "" || len(agreement.Remote.Crypto) > 0 {
				t.Fatalf("agreed on %+v", agreement)
			}
			local := secureOurs(t)
			local.DTLS = media.DTLS{Fingerprint: own, Setup: c.role}
			answer, err := (&origin{id: 1}).answerSDP(session, agreement, local)
			must(t, err)
			for _, want := range []string{" UDP/TLS/RTP/SAVP", "\r\na=fingerprint:" + own + "\r\n", "\r\na=setup:" + c.want + "\r\n"} {
				if !strings.Contains(string(answer), want) {
					t.Errorf("the answer lacks %q:\n%s", want, answer)
				}
			}
			if strings.Contains(string(answer), "a=crypto") {
				t.Errorf("the answer has keys:\n%s", answer)
			}
			if _, err := (&origin{id: 1}).answerSDP(session, agreement, ours()); !errors.Is(err, errNoAnswer) {
				t.Errorf("without a certificate: %v", err)
			}
		})
	}
}
