// Package lookup asks services outside for what a flow needs to know: HTTP with
// JSON, and FHIR R4.
//
// What lives here: the services, each with its limits; the look-ups, which are
// what an admin asks of them; and the client that asks. What must not: flows,
// calls, prompts, YAML. Whatever a service does (hangs, sends gigabytes, sends
// rubbish, sends us elsewhere), a look-up ends within its service's time with
// the fields that were asked for, each in the form declared, or with an error.
//
// What is told to a service is a disclosure: it is taken down before it goes out
// (45 CFR 164.528), or it doesn't go. Nothing that a caller keyed in and no
// member's data gets into a URL, which servers and proxies log.
//
//	copay, faults := lookup.Compile("copay", text)      // text is what an admin wrote
//	client, err := lookup.New(lookup.Options{Services: services, Accounting: ledger})
//	answer, err := client.LookUp(ctx, copay, lookup.Ask{Call: id, Actor: "flow:benefits", Values: values})
//
// answer holds phi types; errors name the look-up, the service and what was
// wrong, and never repeat what was sent or received.
package lookup
