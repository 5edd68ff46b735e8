package operations

import (
	"github.com/prometheus/client_golang/prometheus"

	"careline/call"
	"careline/ledger"
	"careline/media"
	"careline/publish"
	"careline/sip"
)

// numbers are all rooms' at one moment.
type numbers struct {
	calls   call.Stats
	media   media.EngineStats
	sip     sip.Stats
	dialogs int
	ledger  ledger.Stats
	flows   publish.Status
	ready   bool
}

// metrics lists the numbers without labels. A counter never falls while the
// process lives; its name ends in _total.
func metrics() []metric {
	gauge := func(name, help string, read func(numbers) float64) metric {
		return metric{describe(name, help), prometheus.GaugeValue, read}
	}
	whether := func(name, help string, read func(numbers) bool) metric {
		return gauge(name, help, func(n numbers) float64 {
			if read(n) {
				return 1
			}
			return 0
		})
	}
	return append(escalations(), []metric{
		whether("ready", "1 while new calls are taken.", func(n numbers) bool { return n.ready }),
		gauge("calls", "Calls with a caller on the line.", func(n numbers) float64 { return float64(n.calls.Calls) }),
		gauge("sessions", "Calls held, those in wrap-up included.", func(n numbers) float64 { return float64(n.calls.Sessions) }),
		count("calls_offered_total", "Calls taken.", func(n numbers) uint64 { return n.calls.Offered }),
		count("calls_refused_total", "Calls refused with a SIP status.", func(n numbers) uint64 { return n.calls.Refused }),
		count("calls_answered_total", "Calls that reached an agent.", func(n numbers) uint64 { return n.calls.Answered }),
		count("calls_abandoned_total", "Callers who hung up in line.", func(n numbers) uint64 { return n.calls.Abandoned }),
		count("calls_unrecorded_total", "Calls on lines that are recorded that were not, or not whole.", func(n numbers) uint64 { return n.calls.Unrecorded }),
		count("journal_unwritten_total", "Events that took effect without being journaled.", func(n numbers) uint64 { return n.calls.Unjournaled }),

		gauge("flows_script", "Number of the live script.", func(n numbers) float64 { return float64(n.flows.Live.Number) }),
		whether("flows_pending", "1 while the folder's flows were changed and are not live: they have mistakes, or would undo a page's.",
			func(n numbers) bool { return n.flows.Pending != nil }),
		whether("flows_broken_at_start", "1 while calls run what was live before the start, since the folder's flows had mistakes.",
			func(n numbers) bool { return n.flows.Broken }),
		count("flows_published_total", "Scripts that went live.", func(n numbers) uint64 { return n.flows.Published }),
		count("flows_refused_total", "Scripts that were refused, for their mistakes mostly.", func(n numbers) uint64 { return n.flows.Refused }),

		gauge("media_legs", "Open sound legs.", func(n numbers) float64 { return float64(n.media.Legs) }),
		gauge("media_ports_in_use", "RTP ports of open legs.", func(n numbers) float64 { return float64(n.media.PortsInUse) }),
		count("media_packets_received_total", "RTP packets received.", func(n numbers) uint64 { return n.media.PacketsReceived }),
		count("media_packets_lost_total", "RTP packets that callers sent and that never came.", func(n numbers) uint64 { return n.media.PacketsLost }),
		count("media_packets_sent_total", "RTP packets sent.", func(n numbers) uint64 { return n.media.PacketsSent }),
		count("media_packets_ignored_total", "RTP packets from strangers or of unknown kind.", func(n numbers) uint64 { return n.media.Ignored }),
		count("media_packets_malformed_total", "Packets on RTP ports that aren't RTP.", func(n numbers) uint64 { return n.media.Malformed }),
		count("media_packets_unauthentic_total", "SRTP packets that the far side's key doesn't vouch for, or that came twice.", func(n numbers) uint64 { return n.media.Unauthentic }),
		count("media_send_errors_total", "RTP packets that could not be sent.", func(n numbers) uint64 { return n.media.SendErrors }),
		count("media_buffer_late_total", "Packets that came too late for the jitter buffer, of decoded legs.", func(n numbers) uint64 { return n.media.BufferLate }),
		metric{describe("media_concealed_seconds_total", "Sound made up for missing packets, of decoded legs."), prometheus.CounterValue,
			func(n numbers) float64 { return n.media.Concealed.Seconds() }},
		count("media_frames_late_total", "Frames sent more than 20 ms after their time.", func(n numbers) uint64 { return n.media.LateFrames }),
		count("media_catch_ups_total", "Times that a pacer was behind by a frame or more.", func(n numbers) uint64 { return n.media.CatchUps }),
		count("media_frames_skipped_total", "Rounds that a pacer gave up.", func(n numbers) uint64 { return n.media.SkippedFrames }),

		count("ledger_writes_total", "Writes that are on disk.", func(n numbers) uint64 { return n.ledger.Writes }),
		count("ledger_writes_failed_total", "Writes that failed or were refused.", func(n numbers) uint64 { return n.ledger.Failed }),
		count("ledger_commits_total", "Transactions, each of one write or more.", func(n numbers) uint64 { return n.ledger.Batches }),
		gauge("ledger_writes_waiting", "Writes that wait for the disk.", func(n numbers) float64 { return float64(n.ledger.Waiting) }),

		gauge("sip_dialogs", "SIP dialogs up.", func(n numbers) float64 { return float64(n.dialogs) }),
		count("sip_invites_total", "New calls that reached the SIP side.", func(n numbers) uint64 { return n.sip.Invites }),
		count("sip_unacked_total", "Calls given up because no ACK came.", func(n numbers) uint64 { return n.sip.Unacked }),
		count("sip_registrations_total", "Registrations of desk phones taken: new, refreshed and ended.", func(n numbers) uint64 { return n.sip.Registered }),
		count("sip_unauthorized_total", "Registrations with a wrong name or password.", func(n numbers) uint64 { return n.sip.Unauthorized }),
		count("sip_strangers_total", "Packets and connections from outside sip.sources.", func(n numbers) uint64 { return n.sip.Strangers }),
		count("sip_flooded_total", "Packets and INVITEs over the rate of their source.", func(n numbers) uint64 { return n.sip.Flooded }),
		gauge("sip_bans", "Bans of sources that hold now.", func(n numbers) float64 { return float64(n.sip.Bans) }),
		count("sip_banned_total", "Bans so far.", func(n numbers) uint64 { return n.sip.Banned }),
		count("sip_shut_total", "Packets and connections of banned sources, dropped unread.", func(n numbers) uint64 { return n.sip.Shut }),
		count("sip_offences_total", "What scanners do: wrong passwords, probes, unanswered challenges, unreadable messages, floods.", func(n numbers) uint64 { return n.sip.Offences }),
		count("sip_unproven_total", "Packets over what all sources without a password may send together, dropped unread.", func(n numbers) uint64 { return n.sip.Unproven }),
		count("sip_shed_total", "New calls refused because the machine had too much to do.", func(n numbers) uint64 { return n.sip.Shed }),
		count("sip_malformed_total", "SIP messages that could not be read.", func(n numbers) uint64 { return n.sip.Malformed }),
		gauge("sip_trace_bytes", "Bytes of calls' signalling held in memory.", func(n numbers) float64 { return float64(n.sip.Trace.Bytes) }),
		count("sip_trace_unkept_total", "Calls whose signalling made room before it could be stored.", func(n numbers) uint64 { return n.sip.Trace.Unkept }),
		count("sip_out_of_dialog_total", "Requests for a dialog that isn't there.", func(n numbers) uint64 { return n.sip.OutOfDialog }),
	}...)
}

func count(name, help string, read func(numbers) uint64) metric {
	return metric{describe(name, help), prometheus.CounterValue, func(n numbers) float64 { return float64(read(n)) }}
}

// escalations are the numbers of urgent callers.
func escalations() []metric {
	return []metric{
		count("escalations_total", "Urgent callers who were escalated to a nurse.", func(n numbers) uint64 { return n.calls.Escalated }),
		count("escalations_late_total", "Of those, who waited longer than the target. Raise an alarm on it.", func(n numbers) uint64 { return n.calls.EscalatedLate }),
		count("escalations_on_call_total", "Of those, whom somebody on call has taken.", func(n numbers) uint64 { return n.calls.OnCallTook }),
	}
}
