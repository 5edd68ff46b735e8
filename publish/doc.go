// Package publish puts flows live while calls are up, and back.
//
// What lives here: which version is live, who published it and why, what the
// configuration's folder has besides, and the order in which things are done: a
// script is read and checked whole, its own tests are run, it is kept in the ledger,
// and then new calls begin with it. What must not: reading flows (config, ivr), and
// calls: those that are up keep the script they began with (contract 7).
//
//	p := publish.New(publish.Options{Source: source, Store: ledger, Log: log})
//	err := p.Begin(ctx)                       // what was live before the restart is live again
//	script, warnings, err := p.Publish(ctx, publish.Request{Author: "os:root", Comment: "Friday's hours"})
//	script, err = p.RollBack(ctx, publish.Request{Author: "os:root"}, 0)
//
// The folder is where an admin writes; the ledger is what is live. A folder that
// hasn't changed since leaves alone what a page published or what was gone back to.
package publish
