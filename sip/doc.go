// Package sip speaks SIP (RFC 3261) with the trunk: listeners, dialogs, offer
// and answer (RFC 3264), and the guard at the door.
//
// What lives here: signalling, and nothing but signalling. A Dialog says what
// the far side wants and sends what the call decides. What must not: sound (no
// RTP packet is touched, media.Description is all that is known of it), who the
// caller is, what a dialed number means, queues. Transport, parsing and
// transactions are github.com/emiago/sipgo's; the dialog's states, its 2xx
// retransmission and its offers are ours (see State).
//
//	server, err := sip.New(sip.Options{Listen: listen, Log: log}, handler) // handler.Invite(dialog) for each call
//	err = server.Listen()                                                    // a busy port fails here, by name
//	err = server.Run(ctx)                                                    // blocks; dialogs end with it
//	dialog, err := server.Invite(sip.Invitation{…})                          // a call of ours; Notify hears of it
//
// Both kinds of dialog are the same thing once they are up. A request of ours is
// built by the dialog and sent beside it; what comes of it lies in the mailbox
// like a message of the far side (see outgoing).
//
// One goroutine owns each dialog and takes what happens from a bounded mailbox,
// since sipgo hands each message to a goroutine of its own and so out of order.
// Every method of Dialog returns at once; what came of it is an Event.
//
// A caller's number is PHI. It sits in a Number, which prints masked, and never
// reaches a log line or an error.
package sip
