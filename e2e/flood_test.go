package e2e

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"careline/dial"
)

const (
	floodRate      = 10_000 // packets a second
	floodSources   = 1000   // addresses, half of them strangers'
	floodedCalls   = 50
	floodHeap      = 16 << 20 // bytes over what garbage may take up anyway
	defaultFlood   = 10 * time.Second
	floodLengthKey = "FLOOD" // how long, as in 60s: make flood sets it
)

// TestCallsGoOnUnderAFlood: junk INVITEs come at 10,000 a second, from strangers
// and from where phones come from, while callers listen to music in line. None of
// them loses a packet.
func TestCallsGoOnUnderAFlood(t *testing.T) {
	length := defaultFlood
	if text := os.Getenv(floodLengthKey); text != "" {
		parsed, err := time.ParseDuration(text)
		if err != nil || parsed > 5*time.Minute {
			t.Fatalf("%s=%s: want a duration of at most 5m", floodLengthKey, text)
		}
		length = parsed
	}
	server := start(t, besieged()...)
	var callers sync.WaitGroup
	reports := make([]dial.Report, floodedCalls)
	errs := make([]error, floodedCalls)
	steps := script(t, fmt.Sprintf("press %s listen %ds hang-up", english+identify+member+person, int(length.Seconds())+15))
	for i := range floodedCalls {
		callers.Go(func() {
			reports[i], errs[i] = dial.Call(context.Background(), dial.Options{Target: "sip:5550100@" + server.sip, Script: steps, CallTime: length + time.Minute})
		})
		pass(50 * time.Millisecond)
	}
	eventually(t, 30*time.Second, "all callers are in line", func() bool { return server.logged("call queued") == floodedCalls })
	before := server.metrics()
	sent, took := flood(t, netip.MustParseAddrPort(server.sip), length)
	after := server.metrics()
	callers.Wait()
	var heard, lost uint64
	for i, report := range reports {
		if errs[i] != nil {
			t.Errorf("caller %d: %v", i, errs[i])
		}
		heard, lost = heard+report.Heard.Packets, lost+report.Heard.Lost
	}
	final := server.metrics()
	cpu := after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
	t.Logf("flood_packets=%d flood_rate=%.0f/s cpu=%.1f%% of a core (calls included) heap_before=%.1fMB heap_after=%.1fMB next_gc_before=%.1fMB next_gc_after=%.1fMB rss_before=%.1fMB rss_after=%.1fMB",
		sent, float64(sent)/took.Seconds(), 100*cpu/took.Seconds(), megabytes(before["go_memstats_heap_inuse_bytes"]), megabytes(after["go_memstats_heap_inuse_bytes"]),
		megabytes(before["go_memstats_next_gc_bytes"]), megabytes(after["go_memstats_next_gc_bytes"]),
		megabytes(before["process_resident_memory_bytes"]), megabytes(after["process_resident_memory_bytes"]))
	t.Logf("calls=%d packets_heard=%d lost_by_callers=%d lost_by_us=%.0f late_frames=%.0f strangers=%.0f unproven=%.0f bans=%.0f",
		floodedCalls, heard, lost, final["careline_media_packets_lost_total"], final["careline_media_frames_late_total"]-before["careline_media_frames_late_total"],
		after["careline_sip_strangers_total"], after["careline_sip_unproven_total"], after["careline_sip_bans"])
	if lost != 0 || final["careline_media_packets_lost_total"] != 0 {
		t.Errorf("sound was lost: %d packets to the callers, %.0f from them", lost, final["careline_media_packets_lost_total"])
	}
	// A heap may fill up to the next collection's mark, which is drawn by what lives.
	for _, measure := range []string{"go_memstats_heap_inuse_bytes", "go_memstats_next_gc_bytes"} {
		if limit := before["go_memstats_next_gc_bytes"] + floodHeap; after[measure] > limit {
			t.Errorf("%s is %.1f MB after the flood; it may be %.1f", measure, megabytes(after[measure]), megabytes(limit))
		}
	}
	if goroutines := after["go_goroutines"] - before["go_goroutines"]; goroutines > floodedCalls {
		t.Errorf("%.0f goroutines more than before", goroutines)
	}
	if got := after["careline_sip_invites_total"]; got != floodedCalls {
		t.Errorf("%.0f calls were taken up, of %d", got, floodedCalls)
	}
	if after["careline_sip_strangers_total"] == 0 || after["careline_sip_unproven_total"] == 0 {
		t.Error("the flood didn't reach the guard")
	}
	if rate := float64(sent) / took.Seconds(); rate < floodRate/2 {
		t.Errorf("this machine floods with %.0f packets a second; that shows nothing", rate)
	}
}

func megabytes(bytes float64) float64 { return bytes / (1 << 20) }

// flood sends junk INVITEs from many addresses of the loopback, as many as fit
// the time at floodRate, and says how many it was and how long it took.
func flood(t *testing.T, to netip.AddrPort, length time.Duration) (sent int, took time.Duration) {
	t.Helper()
	sockets := make([]*net.UDPConn, floodSources)
	junk := make([][]byte, floodSources)
	for i := range sockets {
		from := net.IPv4(127, 64, byte(i>>8), byte(i)) // a network that phones come from
		if i%2 == 0 {
			from = net.IPv4(127, 130, byte(i>>8), byte(i)) // on no list
		}
		socket, err := net.DialUDP("udp4", &net.UDPAddr{IP: from}, net.UDPAddrFromAddrPort(to))
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		sockets[i] = socket
		junk[i] = fmt.Appendf(nil, "INVITE sip:%d@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\n"+
			"From: <sip:%d@%s>;tag=%d\r\nTo: <sip:%d@%s>\r\nCall-ID: junk-%d\r\nCSeq: 1 INVITE\r\nContact: <sip:%d@%s>\r\nContent-Length: 0\r\n\r\n",
			i, to, socket.LocalAddr(), i, i, to, i, i, to, i, i, socket.LocalAddr())
		if i%10 == 1 {
			junk[i] = []byte("INVITE " + string(make([]byte, 400)))
		}
	}
	const step = time.Millisecond
	total := int(length/step) * int(floodRate*step/time.Second)
	began := time.Now()
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	for sent < total {
		<-ticker.C
		due := min(total, int(time.Since(began)*floodRate/time.Second))
		for ; sent < due; sent++ {
			i := sent % floodSources
			_, _ = sockets[i].Write(junk[i]) // refused or full: it is a flood
		}
	}
	return sent, time.Since(began)
}
