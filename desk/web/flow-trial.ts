// Trying a draft by typing: what a caller would hear, in words, and keys to press. The
// page remembers what was done and sends it whole; nothing is kept on the server.

import { find, make, show, write } from "./dom";
import type { Deed, Trial, TrialEvent } from "./flow-protocol";
import { Refused } from "./protocol";
import { language } from "./words";

const outcomes: Record<string, string> = { verified: "verified", not_verified: "not verified", locked_out: "locked out" };

export class FlowTrial {
  private deeds: Deed[] = [];
  private readonly talk = find("trial-talk");
  private readonly keys = find<HTMLInputElement>("trial-keys");
  private asked = 0;

  /** ask plays the deeds from the beginning; at tells where the call is. */
  constructor(
    private readonly ask: (deeds: readonly Deed[]) => Promise<Trial>,
    private readonly at: (flow: string, step: string) => void,
  ) {
    find<HTMLFormElement>("trial-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const keys = this.keys.value.replace(/[^0-9*#]/g, "");
      this.keys.value = "";
      if (keys) void this.do({ press: keys });
      else if (this.deeds.length === 0) void this.play();
    });
    find("trial-silent").addEventListener("click", () => void this.do({ silent: true }));
    find("trial-timeout").addEventListener("click", () => void this.do({ leave: "timeout" }));
    find("trial-unavailable").addEventListener("click", () => void this.do({ leave: "unavailable" }));
    find("trial-back").addEventListener("click", () => {
      this.deeds.pop();
      void this.play();
    });
    find("trial-again").addEventListener("click", () => this.begin());
  }

  /** Begins a new call. */
  begin(): void {
    this.deeds = [];
    void this.play();
  }

  /** The draft has changed: the same deeds, on the new text. */
  again(): void {
    void this.play();
  }

  clear(): void {
    this.asked++;
    this.deeds = [];
    this.talk.replaceChildren();
  }

  private async do(deed: Deed): Promise<void> {
    this.deeds.push(deed);
    await this.play();
  }

  private async play(): Promise<void> {
    const asked = ++this.asked;
    try {
      const trial = await this.ask(this.deeds);
      if (asked === this.asked) this.render(trial);
    } catch (problem) {
      if (asked !== this.asked) return;
      this.talk.replaceChildren();
      this.tell(problem instanceof Refused ? problem.trouble.text : "The server can't be reached.", "no");
    }
  }

  private render(trial: Trial): void {
    if (trial.trouble) this.deeds.pop(); // it was not done
    const lines: Node[] = [];
    let deed = 0;
    for (const event of trial.events) {
      while (deed < event.deed) lines.push(this.deedLine(this.deeds[deed++]));
      const line = eventLine(event);
      if (line) lines.push(line);
    }
    while (deed < this.deeds.length) lines.push(this.deedLine(this.deeds[deed++]));
    this.talk.replaceChildren(...lines);
    this.talk.scrollTop = this.talk.scrollHeight;
    const states = { asking: "The flow waits for a key.", queued: "The caller waits in line.", over: "The call is over." };
    this.tell(trial.trouble ?? states[trial.state], trial.trouble ? "no" : "yes");
    show(find("trial-line"), trial.state === "queued");
    for (const id of ["trial-keys", "trial-press", "trial-silent"]) find<HTMLButtonElement | HTMLInputElement>(id).disabled = trial.state !== "asking";
    find<HTMLButtonElement>("trial-back").disabled = this.deeds.length === 0;
    this.at(trial.flow, trial.step);
  }

  private tell(text: string, ok: string): void {
    const state = find("trial-state");
    write(state, text);
    state.dataset["ok"] = ok;
  }

  private deedLine(deed: Deed | undefined): Node {
    let text = "";
    if (deed && "press" in deed) text = `presses ${[...deed.press].join(" ")}`;
    else if (deed && "silent" in deed) text = "presses nothing";
    else if (deed && "leave" in deed) text = deed.leave === "timeout" ? "has waited too long" : "can be served by nobody";
    return make("li", { class: "caller" }, make("b", {}, "Caller "), text);
  }
}

function eventLine(event: TrialEvent): Node | null {
  switch (event.kind) {
    case "heard":
    case "announced": {
      const said = event.words || event.prompt || "";
      const line = make("li", { class: "said", title: event.prompt ?? "" }, said);
      if (event.language) line.lang = event.language;
      return line;
    }
    case "entered":
      return make("li", { class: "step" }, event.label || event.step || "");
    case "checked":
      return make("li", { class: "world" }, `The caller is ${outcomes[event.outcome ?? ""] ?? "checked"}.`);
    case "queued":
      return make("li", { class: "world" }, `In line for ${event.queue ?? ""}, with music.`);
    case "hung_up":
      return make("li", { class: "world" }, `The flow ends the call: ${event.reason ?? ""}.`);
    default:
      return null;
  }
}

/** "en-US" → "English", for the choice of a trial's language. */
export function languageOption(tag: string): HTMLOptionElement {
  return make("option", { value: tag }, language(tag));
}
