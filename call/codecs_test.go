package call

import (
	"slices"
	"testing"
	"testing/synctest"

	"careline/acd"
	"careline/media"
)

// An agent's browser and phone speak what the agent's network is good for; the
// caller's side what all do.
func TestAnAgentsLegsSpeakTheAgentsCodecs(t *testing.T) {
	browser, phone := []media.Codec{media.Opus, media.PCMU}, []media.Codec{media.Opus, media.G722}
	for name, registered := range map[string]bool{"at the page": false, "on the desk phone": true} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, func(o *Options) {
				o.Content.Codecs = map[acd.AgentID]AgentCodecs{"maria": {Browser: browser, Phone: phone}}
				o.Content.Phones = map[acd.AgentID]string{"maria": "maria-desk"}
			}, func(f *floor) {
				if registered {
					f.phones.number = 1
					f.register(true)
				}
				release, err := f.center.Connect("maria", func() {})
				if err != nil {
					t.Fatal(err)
				}
				defer release()
				if !registered {
					if leg := f.offerMedia("maria"); !slices.Equal(leg.codecs, browser) {
						t.Errorf("maria's browser may speak %v", leg.codecs)
					}
				}
				f.do("maria", Command{Kind: SetState, State: acd.Available})
				caller, leg := f.queued()
				if leg.codecs != nil {
					t.Errorf("the caller may speak %v, and not what all do", leg.codecs)
				}
				if registered && !slices.Equal(f.phoneLeg().codecs, phone) {
					t.Errorf("maria's phone may speak %v", f.phoneLeg().codecs)
				}
				caller.hangUp()
				synctest.Wait()
				f.do("maria", Command{Kind: SignOut})
			})
		})
	}
}
