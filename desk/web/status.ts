// Available, or away and why.

import { find, make, mark, show, write } from "./dom";
import type { Command, Screen } from "./protocol";
import { words } from "./words";

const working = ["offered", "connecting", "talking", "holding", "wrap_up"];

export class Status {
  private readonly available = find<HTMLButtonElement>("state-available");
  private readonly away = find<HTMLButtonElement>("state-away");
  private readonly reasons = find("away-reasons");
  private reasonsShown = "";

  constructor(private readonly run: (command: Command) => void) {
    this.available.addEventListener("click", () => this.goAvailable());
    this.away.addEventListener("click", () => this.toggle());
    this.reasons.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.toggle(false, true);
    });
  }

  render(screen: Screen): void {
    mark(this.available, "aria-pressed", String(screen.state === "available"));
    mark(this.away, "aria-pressed", String(screen.state === "away"));
    const next = find("next-state");
    const after = working.includes(screen.state) && screen.next_state ? screen.next_state : undefined;
    write(next, after ? `After this call: ${words(after)}` : "");
    show(next, after !== undefined);
    this.choices(screen.away_reasons);
    for (const button of this.reasons.querySelectorAll("button")) {
      mark(button, "aria-pressed", String(screen.state === "away" && screen.reason === button.dataset["reason"]));
    }
  }

  goAvailable(): void {
    this.toggle(false);
    this.run({ kind: "set_state", state: "available" });
  }

  /** Opens the reasons, the first of them focused. */
  toggle(on: boolean = this.reasons.hidden !== false, back = false): void {
    if (on && this.reasonsShown === "") {
      this.run({ kind: "set_state", state: "away" });
      return;
    }
    show(this.reasons, on);
    mark(this.away, "aria-expanded", String(on));
    if (on) this.reasons.querySelector("button")?.focus();
    else if (back) this.away.focus();
  }

  private choices(names: readonly string[]): void {
    const text = names.join("\n");
    if (text === this.reasonsShown) return;
    this.reasonsShown = text;
    this.reasons.replaceChildren(
      ...names.map((name) => {
        const button = make("button", { type: "button", "data-testid": "away-reason", "data-reason": name, "aria-pressed": "false" }, words(name));
        button.addEventListener("click", () => {
          this.toggle(false, true);
          this.run({ kind: "set_state", state: "away", reason: name });
        });
        return button;
      }),
    );
  }
}
