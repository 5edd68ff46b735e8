package config

import (
	"net/netip"
	"slices"
	"time"

	"careline/acd"
	"careline/problem"
	"careline/sip"
	"careline/sip/digest"
	"careline/sip/location"
)

const phonesFile = "phones.yaml"

// phonesDefaults are what an admin who writes nothing else gets.
func phonesDefaults() phonesKeys {
	return phonesKeys{
		Realm:   sip.DefaultRealm,
		Expires: location.DefaultExpires, MinExpires: location.DefaultMinExpires, MaxExpires: location.DefaultMaxExpires,
		Algorithms: []algorithm{{digest.SHA256}, {digest.MD5}}, MaxContacts: location.DefaultMaxContacts, NonceLifetime: digest.DefaultLifetime,
	}
}

// deskPhones is what phones.yaml comes to. Without the file it is empty, and no
// phone can register.
type deskPhones struct {
	registrar *sip.RegistrarOptions
	agents    map[acd.AgentID]string
	sources   []netip.Prefix
}

// ofPhones gives the phones to signalling and calls. They are let in beside
// sip.sources; unlike a trunk's, their word on who calls doesn't count.
func ofPhones(settings *Config, phones deskPhones) {
	settings.SIP.Registrar, settings.Content.Phones = phones.registrar, phones.agents
	if len(settings.SIP.Sources) > 0 {
		settings.SIP.Sources = append(settings.SIP.Sources, phones.sources...)
	}
}

// phones reads phones.yaml.
func (r *reader) phones(people []person) deskPhones {
	if !r.exists(phonesFile) {
		return deskPhones{}
	}
	doc := r.document(phonesFile)
	if doc == nil {
		return deskPhones{}
	}
	keys := phonesDefaults()
	r.problems.Add(doc.File, doc.Decode(doc.Root, &keys))
	r.phoneBounds(doc, keys)
	secrets, agents := map[string]digest.Secret{}, map[acd.AgentID]string{}
	for _, pair := range problem.Pairs(at(doc.Root, "phones")) {
		name := pair.Key.Value
		phone := keys.Phones[name]
		if !userName.MatchString(name) {
			r.add(doc.At(pair.Key, "%q can't be a phone's user name", name).
				Hint("begin with a lower-case letter; then letters, digits, dots, dashes, at most 32"))
		}
		secret, err := digest.ParseSecret(phone.MD5, phone.SHA256)
		useful := slices.ContainsFunc(keys.Algorithms, func(a algorithm) bool { return secret.Reveal(a.Algorithm) != "" })
		if err != nil || !useful && len(keys.Algorithms) > 0 { // never quote it: it may be the password itself
			r.add(doc.At(pair.Key, "phone %q has no usable hash of its password", name).
				Hint("make both with: careline password --sip %s", name))
		}
		r.phoneAgent(doc, pair, phone, people, agents)
		secrets[name] = secret
	}
	var algorithms []digest.Algorithm
	for _, one := range keys.Algorithms {
		algorithms = append(algorithms, one.Algorithm)
	}
	return deskPhones{agents: agents, sources: prefixes(keys.Sources), registrar: &sip.RegistrarOptions{
		Realm: keys.Realm, Algorithms: algorithms, NonceLifetime: keys.NonceLifetime,
		Secret: func(name string) (digest.Secret, bool) { secret, ok := secrets[name]; return secret, ok },
		Bindings: location.Options{
			MinExpires: keys.MinExpires, Expires: keys.Expires, MaxExpires: keys.MaxExpires, MaxContacts: keys.MaxContacts,
		},
	}}
}

// phoneAgent gives a phone to its agent, who may have one.
func (r *reader) phoneAgent(doc *problem.Document, pair problem.Pair, phone phoneKeys, people []person, agents map[acd.AgentID]string) {
	names := make([]string, len(people))
	for i, who := range people {
		names[i] = string(who.ID)
	}
	agent := acd.AgentID(phone.Agent)
	switch {
	case phone.Agent == "":
		r.add(doc.At(pair.Key, "phone %q has no agent", pair.Key.Value).Hint("add agent, a user of agents.yaml"))
	case len(names) > 0 && !slices.Contains(names, phone.Agent):
		r.add(unknown(doc, at(pair.Value, "agent"), "an agent", phone.Agent, names))
	case agents[agent] != "":
		r.add(doc.At(at(pair.Value, "agent"), "%s has phone %q already", phone.Agent, agents[agent]).
			Hint("one phone an agent; several devices may register under its name"))
	default:
		agents[agent] = pair.Key.Value
	}
}

func (r *reader) phoneBounds(doc *problem.Document, keys phonesKeys) {
	if keys.Realm == "" {
		r.add(doc.At(at(doc.Root, "realm"), "the realm is empty").Hint("leave the key out, or write what the hashes were made for"))
	}
	if len(keys.Algorithms) == 0 {
		r.add(doc.At(at(doc.Root, "algorithms"), "no phone could answer a challenge by no algorithm").Hint("leave the key out, or write [sha-256, md5]"))
	}
	if keys.MinExpires < time.Second || keys.MinExpires > time.Hour {
		r.add(doc.At(at(doc.Root, "min_expires"), "min_expires is %s", keys.MinExpires).Hint("write 1s to 1h; 60s is usual"))
	}
	if keys.Expires < keys.MinExpires || keys.Expires > keys.MaxExpires {
		r.add(doc.At(at(doc.Root, "expires"), "expires is %s, outside of min_expires %s and max_expires %s", keys.Expires, keys.MinExpires, keys.MaxExpires).
			Hint("write one that lies between them"))
	}
	if keys.MaxContacts < 1 || keys.MaxContacts > maxContacts {
		r.add(doc.At(at(doc.Root, "max_contacts"), "max_contacts is %d", keys.MaxContacts).Hint("write 1 to %d", maxContacts))
	}
	if keys.NonceLifetime < time.Second {
		r.add(doc.At(at(doc.Root, "nonce_lifetime"), "no phone can answer a challenge within %s", keys.NonceLifetime).Hint("5m is usual"))
	}
}

// phonePorts: a call that an agent takes on a phone needs a port of its own there.
func (r *reader) phonePorts(doc *problem.Document, site siteFile, phones int) {
	ports, needed := site.Media.Ports, site.SIP.MaxCalls+phones
	if ports.last > 0 && site.SIP.MaxCalls <= ports.calls() && needed > ports.calls() {
		r.add(doc.At(at(doc.Root, "sip", "max_calls"), "%d calls and %d desk phones need %d even RTP ports, and media.ports has %d",
			site.SIP.MaxCalls, phones, needed, ports.calls()).Hint("widen media.ports or lower sip.max_calls"))
	}
}

const maxContacts = 20 // devices under one phone's name: all of them ring at once
