// The call that a supervisor takes part in: listening, whispering to the agent alone,
// or joining in.

import { find, mark, show, write } from "./dom";
import { type Command, type Mode, Refused, type Screen } from "./protocol";

const texts: Record<Mode, (who: string) => string> = {
  listen: (who) => `You listen to ${who}. Nobody hears you.`,
  whisper: (who) => `You whisper to ${who}. The caller can't hear you.`,
  barge_in: (who) => `You are in the call with ${who}. The caller hears you.`,
};

export class SupervisionBar {
  private readonly bar = find("supervision");
  private readonly modes = [...this.bar.querySelectorAll<HTMLButtonElement>("button[data-mode]")];
  private call = "";

  constructor(private readonly send: (command: Command) => Promise<void>) {
    for (const button of this.modes) {
      button.addEventListener("click", () => this.take(this.call, button.dataset["mode"] as Mode));
    }
    find("supervision-leave").addEventListener("click", () => this.take("", ""));
  }

  /** Takes part in a call, or leaves the one that is taken part in. */
  take(call: string, mode: Mode | ""): void {
    this.tell("");
    this.send({ kind: "supervise", call, mode }).catch((problem: unknown) => {
      this.tell(problem instanceof Refused ? problem.trouble.text : "That didn't work. Try again.");
    });
  }

  render(screen: Screen): void {
    const is = screen.supervision;
    this.call = is?.call ?? "";
    mark(this.bar, "data-mode", is?.mode ?? "");
    if (is) write(find("supervision-text"), texts[is.mode](is.agent || "nobody just now"));
    else write(find("supervision-text"), "");
    for (const button of this.modes) {
      mark(button, "aria-pressed", String(button.dataset["mode"] === is?.mode));
      show(button, is !== undefined);
    }
    show(find("supervision-leave"), is !== undefined);
    this.reveal();
  }

  clear(): void {
    this.call = "";
    mark(this.bar, "data-mode", "");
    this.tell("");
    show(this.bar, false);
  }

  private tell(text: string): void {
    write(find("supervision-problem"), text);
    show(find("supervision-problem"), text !== "");
    this.reveal();
  }

  private reveal(): void {
    show(this.bar, this.call !== "" || !find("supervision-problem").hidden);
  }
}
