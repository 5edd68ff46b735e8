// What supervisors read of a call, in words.

import type { CallRow, SideSound, SideWay } from "./protocol";
import { words } from "./words";

const stages: Record<string, string> = {
  ringing: "Coming in",
  flow: "In the menus",
  talk: "Talking",
  hold: "On hold",
  transfer: "Being transferred",
  external: "Transferred, talking outside",
};

const enders: Record<string, string> = {
  caller: "Caller",
  agent: "Agent",
  system: "Careline",
  carrier: "Carrier",
  target: "Transfer's target",
};

/** "Waiting in Member services", "Talking". */
export function stageOf(row: CallRow): string {
  if (row.stage !== "queue") return stages[row.stage ?? ""] ?? words(row.stage ?? "");
  const waits = row.ringing ? `Ringing for ${words(row.queue ?? "")}` : `Waiting for ${words(row.queue ?? "")}`;
  return row.calling ? `${waits}, calling those on call (${words(row.calling)})` : waits;
}

/** "Late", "Urgent"; empty for a caller who waits like all others. */
export function hurryOf(row: CallRow): string {
  if (row.late) return "Late";
  return row.urgent ? "Urgent" : "";
}

/** "Caller: the caller hung up". */
export function endOf(row: CallRow): string {
  return `${enders[row.ended_by ?? ""] ?? "Careline"}: ${row.why ?? ""}`;
}

export function agentsOf(row: CallRow): string {
  return row.agents.join(", ") || "–";
}

const verdicts: Record<string, string> = { verified: "Verified", not_verified: "Not verified", locked_out: "Locked out", none: "Not asked" };

export function callerOf(row: Pick<CallRow, "verification">): string {
  return verdicts[row.verification] ?? words(row.verification);
}

const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });

/** "10:32:07", and the day where it isn't today. */
export function timeOf(at: string, today: number): string {
  const date = new Date(at);
  const time = clock.format(date);
  return date.toDateString() === new Date(today).toDateString() ? time : `${day.format(date)}, ${time}`;
}

const sides: Record<SideSound["leg"], string> = { caller: "Caller", agent: "Agent", target: "Third" };

/** "Caller: said 4.33, heard 3.71 with 2.4 % lost; not heard for 4 s". */
export function soundOf(side: SideSound): string {
  const parts = [`said ${wayOf(side.received)}`, `heard ${wayOf(side.sent)}`];
  if (side.round_trip_ms) parts.push(`${side.round_trip_ms} ms there and back`);
  return `${side.agent ?? sides[side.leg]}: ${parts.join("; ")}`;
}

function wayOf(way: SideWay): string {
  let text = way.mos ? way.mos.toFixed(2) : "not measured";
  if (way.loss > 0) text += ` with ${way.loss} % lost`;
  return way.one_way_s ? `${text}, nothing for ${way.one_way_s} s` : text;
}
