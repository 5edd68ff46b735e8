// One call, for a supervisor: what is known of it, its recordings, and its signalling.

import { api } from "./api";
import { agentsOf, callerOf, endOf, soundOf, stageOf, timeOf } from "./call-words";
import { learn, now, since, spell } from "./clock";
import { find, make, show, write } from "./dom";
import { Ladder } from "./ladder";
import { Poll } from "./poll";
import { type OneCall, Refused } from "./protocol";
import { Recordings } from "./recordings";
import { language, words } from "./words";

// Messages come a little after the call's end: its BYE is answered.
const goOn = 8_000;

export class CallView {
  private readonly view = find("call-view");
  private readonly ladder = new Ladder(find("ladder"));
  private readonly recordings = new Recordings();
  private readonly poll = new Poll<OneCall>(
    () => api.call(this.id),
    (call) => this.render(call),
    (problem) => this.failed(problem),
  );
  private id = "";

  /** Shows the call; none for "". */
  show(id: string): void {
    show(this.view, id !== "");
    if (id === this.id) return;
    this.clear();
    this.id = id;
    if (id !== "") this.poll.start();
  }

  clear(): void {
    this.poll.stop();
    this.id = "";
    this.ladder.clear();
    this.recordings.clear();
    for (const part of ["one-call", "ladder-part", "one-call-problem"]) show(find(part), false);
    write(find("one-call-title"), "Call");
  }

  private render(one: OneCall): boolean {
    learn(one.now);
    const { call, ladder } = one;
    write(find("one-call-title"), `Call on ${call.line}`);
    const up = call.ended === undefined;
    const length = up ? since(call.started) : Date.parse(call.ended ?? "") - Date.parse(call.started);
    const facts: Record<string, string> = {
      state: up ? stageOf(call) : `Over. ${endOf(call)}`,
      started: timeOf(call.started, now()),
      length: spell(length),
      queue: call.queue ? words(call.queue) : "–",
      agents: agentsOf(call),
      caller: [callerOf(call), call.language ? language(call.language) : ""].filter(Boolean).join(", "),
      reason: call.reason || "–",
      id: call.id,
    };
    write(find("one-call-unrecorded"), call.unrecorded ? `Not all of this call is recorded: ${call.unrecorded}.` : "");
    show(find("one-call-unrecorded"), Boolean(call.unrecorded));
    for (const [name, value] of Object.entries(facts)) write(find(`one-call-${name}`), value);
    const sound = call.sound ?? [];
    show(find("one-call-sound-fact"), sound.length > 0);
    find("one-call-sound").replaceChildren(...sound.map((side) => make("li", {}, soundOf(side))));
    this.recordings.render(call.id, one.recordings ?? []);
    for (const part of ["one-call", "ladder-part"]) show(find(part), true);
    show(find("one-call-problem"), false);
    show(find("ladder"), ladder !== undefined);
    show(find("ladder-none"), ladder === undefined);
    show(find("ladder-live"), up);
    if (ladder) {
      this.ladder.render(ladder);
      write(find("ladder-dropped"), ladder.dropped ? `${ladder.dropped} messages in between were left out for want of room (sip.trace.call_bytes).` : "");
    }
    show(find("ladder-dropped"), Boolean(ladder?.dropped));
    return up || since(call.ended) < goOn;
  }

  private failed(problem: unknown): void {
    const unknown = problem instanceof Refused && problem.status === 404;
    write(find("one-call-problem"), problem instanceof Refused ? problem.trouble.text : "The call can't be shown just now.");
    show(find("one-call-problem"), true);
    if (unknown) this.poll.stop();
  }
}
