// What goes over the wire: the mirror of desk/state.go, desk/command.go and desk/calls.go.

export type AgentState =
  | "signed_out"
  | "available"
  | "offered"
  | "connecting"
  | "talking"
  | "holding"
  | "wrap_up"
  | "away";

export type Verification = "verified" | "not_verified" | "locked_out" | "none";

/** One way of the sound: packets lost in percent, and how late it is from mouth to ear. */
export interface SoundWay {
  loss: number;
  delay_ms: number;
}

/** How the talk sounds; not_heard: the caller may not hear the agent, not_hearing: the other way round. */
export interface SoundScreen {
  grade?: "good" | "fair" | "bad";
  not_heard?: boolean;
  not_hearing?: boolean;
  hears: SoundWay;
  heard: SoundWay;
}

/** How a supervisor takes part in a call. */
export type Mode = "listen" | "whisper" | "barge_in";

export interface CallScreen {
  id: string;
  offer: string;
  queue: string;
  line: string;
  language: string;
  reason: string;
  state?: string;
  verification: Verification;
  /** Who a verified caller is to the member, by what right, told of what, until when. */
  role?: "self" | "representative" | "provider";
  basis?: string;
  scope?: string[];
  until?: string;
  name?: string;
  name_status?: "pending" | "shown" | "audit_failed";
  path: string[];
  arrived?: string;
  answered?: string;
  held: boolean;
  caller_gone: boolean;
  /** How far a transfer is, and why the last one failed. */
  transfer?: "calling" | "ringing";
  transfer_failed?: string;
  transferred?: boolean;
  /** Somebody whom the agent has called beside the caller, and supervisors in the call. */
  third?: "calling" | "ringing" | "answered" | "together";
  supervisors?: { name: string; mode: Mode }[];
  /** The colleague who asks this agent about the caller. */
  asked_by?: string;
  reasons?: string[];
  disposition?: string;
  /** The caller asked to be called, then; callback says how far that is while they aren't with the agent yet. */
  callback?: "offered" | "calling" | "answered";
  callback_asked?: string;
  sound?: SoundScreen;
  /** Absent: the call isn't recorded. */
  recording?: "on" | "paused";
}

/** Whom the agent may hand a caller to; a queue's agents can only be asked. */
export interface Colleague {
  user: string;
  name: string;
  extension?: string;
  queue?: boolean;
}

/** The agent's desk phone; absent for who has none. */
export interface DeskPhone {
  name: string;
  registered: boolean;
  used: boolean;
}

/** The whole of what the screen shows, as pushed on every change. */
export interface Screen {
  now: string;
  user: string;
  agent: string;
  name: string;
  role: "agent" | "supervisor" | "admin";
  state: AgentState;
  reason?: string;
  since?: string;
  until?: string;
  next_state?: AgentState;
  media_connected: boolean;
  phone?: DeskPhone;
  muted: boolean;
  draining: boolean;
  transfers: boolean;
  sign_out_at?: string;
  sign_out_for?: "idle" | "session_life";
  call?: CallScreen;
  /** The call that a supervisor takes part in. */
  supervision?: { call: string; mode: Mode; since: string; line: string; agent: string };
  away_reasons: string[];
  dispositions: string[];
}

/** Whether calls ring on the desk phone, so that this page's sound doesn't matter. */
export function onPhone(screen: Screen): boolean {
  return screen.phone?.used === true;
}

/** A call as supervisors see it, see desk/calls.go. Nothing in it says who calls. */
export interface CallRow {
  id: string;
  line: string;
  /** Where a call is that is up, and since when. */
  stage?: string;
  since?: string;
  queue?: string;
  language?: string;
  reason?: string;
  state?: string;
  verification: Verification;
  agents: string[];
  ringing?: boolean;
  /** Goes before all others; late: somebody should have had this caller by now; calling: the list of those on call that is called. */
  urgent?: boolean;
  late?: boolean;
  calling?: string;
  started: string;
  ended?: string;
  ended_by?: string;
  why?: string;
  sound?: SideSound[];
  /** Sound of it was kept; unrecorded: why none was, or not all, though the line is recorded. */
  recorded?: boolean;
  unrecorded?: string;
}

export interface CallList {
  now: string;
  up: CallRow[];
  recent: CallRow[];
}

/** A callback that isn't closed, see desk/callbacks.go. Of the number there are its last two digits. */
export interface CallbackRow {
  id: string;
  queue: string;
  language: string;
  reason?: string;
  ending: string;
  asked: string;
  attempts: number;
  state: "waiting" | "aside" | "offered" | "calling";
  place?: number;
  next?: string;
  agent?: string;
}

/** A call's signalling, see desk/signalling.go. */
export interface Ladder {
  began: string;
  parties: string[];
  legs: string[];
  arrows: Arrow[];
  dropped?: number;
}

export interface Arrow {
  /** Seconds since the ladder began. */
  at: number;
  from: number;
  to: number;
  caption: string;
  note?: string;
  response?: boolean;
}

/** How one side of a call that is over sounded, one direction: what came from it, or reached it. */
export interface SideWay {
  mos?: number;
  loss: number;
  one_way_s?: number;
}

export interface SideSound {
  leg: "caller" | "agent" | "target";
  agent?: string;
  round_trip_ms?: number;
  received: SideWay;
  sent: SideWay;
}

/** A call's recording, see desk/recordings.go. */
export interface Recording {
  id: string;
  kind: "call" | "message" | "statement";
  state: "open" | "whole" | "cut" | "disposed";
  started: string;
  seconds?: number;
  channels: number;
  /** How often something was left out, such as a card's number. */
  pauses?: number;
  dropped?: boolean;
  keep_until: string;
  held?: boolean;
  disposed?: string;
}

/** A message that a caller left, see desk/messages.go. */
export interface Message {
  id: string;
  box: string;
  line: string;
  left: string;
  due: string;
  overdue?: boolean;
  seconds: number;
  language: string;
  verification: Verification;
  /** Where the number to call back on is from. */
  number: "entered" | "calling" | "none";
  heard_by?: string;
  answered?: string;
  answered_by?: string;
  outcome?: string;
  /** How often nobody answered. */
  tries?: number;
}

export interface MessageList {
  now: string;
  messages: Message[];
}

export interface OpenMessages {
  hears: boolean;
  open: number;
  overdue: number;
}

export interface OneCall {
  now: string;
  call: CallRow;
  ladder?: Ladder;
  recordings?: Recording[];
}

export interface Trouble {
  code: string;
  text: string;
}

export type Command =
  | { kind: "set_state"; state: "available" | "away"; reason?: string }
  | { kind: "accept" | "decline"; offer: string }
  | { kind: "hold" | "mute" | "use_phone" | "pause_recording"; on: boolean }
  | { kind: "send_digit"; digit: string }
  | { kind: "transfer" | "consult"; number: string; caller_state?: string }
  | { kind: "supervise"; call: string; mode: Mode | "" }
  | { kind: "set_disposition" | "finish_wrap_up"; disposition: string }
  | { kind: "bring_together" | "leave" | "drop_third" }
  | { kind: "hang_up" | "cancel_transfer" | "extend_wrap_up" | "activity" | "alive" };

export type Pushed =
  | { kind: "state"; state: Screen }
  | { kind: "reply"; id: number; error?: Trouble };

/** Close codes of the socket, see desk/window.go. */
export const closed = { displaced: 4001, signedOut: 4002, idle: 4003, noAgent: 4004 } as const;

/** Carries the server's words for the agent. */
export class Refused extends Error {
  constructor(readonly trouble: Trouble, readonly status = 0) {
    super(trouble.text);
  }
}
