package call

import (
	"context"

	"go.uber.org/zap"

	"careline/ledger"
)

// maxUnfinished bounds how many records of cut calls one start closes.
const maxUnfinished = 10_000

// closeUnfinished closes the records of the calls that a crash cut, so that
// each call has its one record and says why it ended. When it ended isn't
// known; the start of its last segment is the last that is.
func (c *Center) closeUnfinished(ctx context.Context) {
	records, err := c.records.UnfinishedCalls(ctx, maxUnfinished)
	if err != nil {
		c.log.Error("unfinished calls not read", zap.Error(err))
		return
	}
	for _, record := range records {
		closeRecord(&record)
		if err := c.records.SaveCall(ctx, record); err != nil {
			c.log.Error("call record not written", zap.String("call", record.ID), zap.Error(err))
			continue
		}
		c.log.Warn("cut call closed", zap.String("call", record.ID), zap.String("by", string(record.EndedBy)))
	}
}

func closeRecord(record *ledger.CallRecord) {
	last := record.Started
	for _, segment := range record.Segments {
		if segment.Start.After(last) {
			last = segment.Start
		}
	}
	talked, wrapped := "", false
	for i := range record.Segments {
		segment := &record.Segments[i]
		if segment.End.IsZero() {
			segment.End, segment.Outcome = last, "server_stopped"
		}
		switch segment.Kind {
		case ledger.SegmentTalk, ledger.SegmentHold:
			talked, wrapped = segment.Agent, false // an agent before this one may have wrapped up
		case ledger.SegmentWrapUp:
			wrapped = true
		case ledger.SegmentQueue, ledger.SegmentIVR:
			talked = ""
		}
	}
	if record.Ended.IsZero() {
		record.Ended, record.EndedBy, record.Why = last, ledger.BySystem, "the server stopped while the call was up"
		record.Q850Cause = causeOutOfOrder
	}
	if talked != "" && !wrapped {
		record.Segments = append(record.Segments, ledger.Segment{
			Kind: ledger.SegmentWrapUp, Agent: talked, Start: last, End: last, Outcome: "server_stopped",
		})
	}
}
