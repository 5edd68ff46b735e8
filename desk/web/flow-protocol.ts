// What the page of flows and the server say to each other: the mirror of desk/flows.go,
// desk/flow_draft.go, desk/flow_change.go, desk/flow_try.go and desk/flow_call.go.

export type Files = Record<string, string>;

/** A script that is or was live. */
export interface Script {
  number: number;
  time: string;
  author: string;
  comment: string;
  origin: "start" | "folder" | "command" | "page" | "rollback";
  source?: number;
  version: string;
  live: boolean;
}

export interface LiveFlows {
  live: Script;
  files: Files;
  /** Why the folder isn't live although it was changed. */
  pending?: string;
  /** The server started with what was live before, since the folder had mistakes. */
  broken?: boolean;
  may_edit: boolean;
}

export interface Problem {
  file: string;
  line?: number;
  column?: number;
  message: string;
  hint?: string;
}

export interface Step {
  step: string;
  label: string;
  verb: string;
  file: string;
  line: number;
}

export interface Flow {
  flow: string;
  label: string;
  file: string;
  /** Name of a line that leads to it. */
  line?: string;
  languages: string[];
  steps: Step[];
}

/** A piece of a drawing. */
export interface Piece {
  name: string;
  attributes?: Record<string, string>;
  text?: string;
  children?: Piece[];
}

export type Overlay = "" | "live" | "entered" | "hung_up";

export interface Draft {
  problems: Problem[];
  warnings: Problem[];
  tests: number;
  version?: string;
  flows: Flow[];
  graph?: Piece;
}

export interface Insight {
  begun: number;
  live: number;
  ended: Partial<Record<"hung_up" | "served" | "taken" | "broken", number>>;
  containment: number;
  steps: { flow: string; step: string; live: number; entered: number; hung_up: number; median_seconds: number }[];
}

/** One thing that a tried call's caller does. */
export type Deed = { press: string } | { silent: true } | { wait: number } | { leave: "timeout" | "full" | "unavailable" };

export interface TrialEvent {
  at: number;
  deed: number;
  kind: "heard" | "stopped" | "entered" | "took" | "checked" | "queued" | "announced" | "hung_up";
  prompt?: string;
  language?: string;
  words?: string;
  flow?: string;
  step?: string;
  label?: string;
  via?: string;
  queue?: string;
  outcome?: string;
  reason?: string;
}

export interface Trial {
  events: TrialEvent[];
  state: "asking" | "queued" | "over";
  flow: string;
  step: string;
  trouble?: string;
}

/** A real call of a draft that was placed. */
export interface PlacedCall {
  call: string;
  answer: string;
}

/** Where it is; "over" with the reason. */
export interface CallState {
  stage: string;
  flow: string;
  step: string;
  why: string;
}
