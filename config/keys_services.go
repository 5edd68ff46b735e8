package config

import (
	"time"

	"gopkg.in/yaml.v3"

	"careline/lookup"
)

// serviceKeys is one service of services.yaml: whom look-ups ask.
type serviceKeys struct {
	Kind      string            `yaml:"kind" help:"json, which is what it is if left out; or fhir, a FHIR R4 server."`
	URL       string            `yaml:"url" help:"Where it is, as https://benefits.example.net/v2. http is spoken with this machine alone: what is sent could be read on the way."`
	Recipient string            `yaml:"recipient" help:"Who runs it, as the accounting of disclosures names them (45 CFR 164.528). Left out: the service's name."`
	Headers   map[string]string `yaml:"headers" help:"Headers that go along. A value file:PATH is read from that file, env:NAME from the environment: secrets stand there. Paths that aren't absolute start at this folder."`
	TLS       serviceTLSKeys    `yaml:"tls" help:"Certificates."`
	Connect   time.Duration     `yaml:"connect" range:"100ms..10s" help:"How long a connection and its handshake may take."`
	Time      time.Duration     `yaml:"time" range:"200ms..15s" help:"How long a look-up may take in all, retries included. Then the flow goes on by the step's failed."`
	MaxAnswer int64             `yaml:"max_answer" range:"1024..4194304" help:"Bytes of an answer that are read, decompressed. A longer one is a failure."`
	Redirects int               `yaml:"redirects" range:"0..5" help:"How many redirects are followed, for get and read, to the same host alone."`
	AtOnce    int               `yaml:"at_once" range:"1..1000" help:"Look-ups sent at the same time. More wait, within time."`
	Failures  int               `yaml:"failures" range:"1..1000" help:"After so many failures in a row the service is left alone for rest; look-ups fail at once. Then one tries."`
	Rest      time.Duration     `yaml:"rest" range:"1s..10m" help:"How long it is left alone."`
}

type serviceTLSKeys struct {
	Authorities string `yaml:"authorities" help:"PEM file of the authorities that sign its certificate, if they aren't the system's."`
	Certificate string `yaml:"certificate" help:"PEM file of the certificate that we show, if it wants one."`
	Key         string `yaml:"key" help:"PEM file of that certificate's key."`
}

func serviceDefaults() serviceKeys {
	return serviceKeys{
		Kind: "json", Connect: lookup.DefaultConnect, Time: lookup.DefaultTime, MaxAnswer: lookup.DefaultMaxAnswer,
		AtOnce: lookup.DefaultAtOnce, Failures: lookup.DefaultFailures, Rest: lookup.DefaultRest,
	}
}

// lookUpsFile is lookups.yaml: what they are asked.
type lookUpsFile struct {
	LookUps map[string]lookUpKeys `yaml:"look_ups" help:"What services are asked, by the name that flows use (docs/lookups.md)."`
}

type lookUpKeys struct {
	Service string                   `yaml:"service" help:"Whom, by the name in services.yaml."`
	Purpose string                   `yaml:"purpose" help:"What protected data is told for, in a few words, as eligibility: it stands in the accounting of disclosures."`
	Public  bool                     `yaml:"public" help:"The answer is nobody's data: opening hours, say. Otherwise it is said to the verified member alone."`
	With    map[string]lookup.Taking `yaml:"with" help:"What it takes, by name: public, keyed (by the caller too) or member (a member's data too). What is keyed or a member's never stands in a URL."`
	Get     string                   `yaml:"get" help:"A path below the service's URL, as /plans/{{ plan }}."`
	Post    string                   `yaml:"post" help:"The same, with a body or form."`
	Query   map[string]string        `yaml:"query" help:"What follows the ? of get or post, by name."`
	Body    yaml.Node                `yaml:"body" help:"JSON that is posted, written as YAML; {{ name }} stands for a value."`
	Form    map[string]string        `yaml:"form" help:"A form that is posted instead, by name."`
	Search  string                   `yaml:"search" help:"The type of FHIR resources that are searched for, as Coverage; always by POST."`
	By      map[string]string        `yaml:"by" help:"What is searched by, as in patient.identifier."`
	Read    string                   `yaml:"read" help:"The FHIR resource that is read, as Practitioner/{{ id }}."`
	Into    map[string]intoKeys      `yaml:"into" help:"What it gives, by the variable's name."`
	Keep    time.Duration            `yaml:"keep" help:"How long an answer is kept and given again to the same question; left out: not at all. At most 24h."`
	Retries *int                     `yaml:"retries" help:"How often it is asked again after a failure that may pass, 0 to 3. Left out: once, and for post never."`
}

type intoKeys struct {
	Path      string      `yaml:"path" help:"Where in the answer, as coverage.copay or telecom[system=phone].value; for FHIR, in the resource."`
	As        lookup.Kind `yaml:"as" help:"text, number, truth, date, money, or count: how many there are."`
	Otherwise *string     `yaml:"otherwise" help:"The value where the answer has none; left out: the flow then goes on by the step's missing."`
}
