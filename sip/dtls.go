package sip

import (
	"github.com/pion/sdp/v3"

	"careline/media"
)

// readDTLS reads the certificate's fingerprint and the part in the handshake: a
// stream's before its session's (RFC 5763 section 5). Without a part the offerer begins
// (RFC 4145 section 4.1). It isn't used where no fingerprint is of use.
func readDTLS(session *sdp.SessionDescription, stream *sdp.MediaDescription) media.DTLS {
	dtls := media.DTLS{Setup: media.SetupActive}
	setup := ""
	for _, attributes := range [][]sdp.Attribute{session.Attributes, stream.Attributes} {
		found := ""
		for _, attribute := range attributes {
			switch attribute.Key {
			case "fingerprint":
				if fingerprint, ok := media.ParseFingerprint(attribute.Value); ok && found == "" {
					found = fingerprint
				}
			case "setup":
				setup = attribute.Value
			}
		}
		if found != "" {
			dtls.Fingerprint = found
		}
	}
	if setup != "" {
		dtls.Setup = media.ParseSetup(setup)
	}
	if dtls.Setup == media.SetupNone { // neither side would begin
		return media.DTLS{}
	}
	return dtls
}

// dtlsLines write our certificate's fingerprint, and our part.
func dtlsLines(fingerprint string, setup media.Setup) []sdp.Attribute {
	return []sdp.Attribute{sdp.NewAttribute("fingerprint", fingerprint), sdp.NewAttribute("setup", setup.String())}
}
