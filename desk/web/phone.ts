// Where calls ring: this computer, or the agent's desk phone.

import { inHand } from "./controls";
import { find, mark, show, write } from "./dom";
import type { Command, Screen } from "./protocol";

export class Phone {
  private readonly browser = find<HTMLButtonElement>("ring-browser");
  private readonly phone = find<HTMLButtonElement>("ring-phone");

  constructor(run: (command: Command) => void) {
    this.browser.addEventListener("click", () => run({ kind: "use_phone", on: false }));
    this.phone.addEventListener("click", () => run({ kind: "use_phone", on: true }));
  }

  render(screen: Screen): void {
    const phone = screen.phone;
    show(find("phone-panel"), phone !== undefined);
    if (!phone) return;
    mark(this.browser, "aria-pressed", String(!phone.used));
    mark(this.phone, "aria-pressed", String(phone.used));
    const busy = screen.state === "offered" || inHand.includes(screen.state);
    this.browser.disabled = busy;
    this.phone.disabled = busy || (!phone.registered && !phone.used);
    const note = phone.registered ? "" : "The desk phone isn't connected.";
    write(find("phone-note"), note);
    show(find("phone-note"), note !== "");
  }
}
