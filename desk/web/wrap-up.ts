// Wrap-up: what the call was about, and the time that is left for it.

import { until } from "./clock";
import { find, make, show, write } from "./dom";
import type { Command, Screen } from "./protocol";
import { hurry } from "./state-view";
import { words } from "./words";

export class WrapUp {
  private readonly form = find<HTMLFormElement>("wrap-up");
  private readonly list = find("dispositions");
  private readonly problem = find("wrap-up-problem");
  private screen: Screen | null = null;
  private choicesShown = "";
  private callShown = "";

  constructor(private readonly run: (command: Command) => void) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.finish();
    });
    this.list.addEventListener("change", () => this.chosen());
    find("extend-wrap-up").addEventListener("click", () => this.extend());
  }

  render(screen: Screen): void {
    this.screen = screen;
    const on = screen.state === "wrap_up";
    const fresh = on && this.form.hidden;
    show(this.form, on);
    if (!on) return;
    this.choices(screen.dispositions);
    const call = screen.call?.id ?? "";
    if (call !== this.callShown) {
      this.callShown = call;
      show(this.problem, false);
      this.restore(screen.call?.disposition ?? "");
    }
    show(find("extend-wrap-up"), Boolean(screen.until));
    this.tick();
    if (fresh && !typing()) (this.list.querySelector<HTMLInputElement>("input:checked") ?? this.list.querySelector("input"))?.focus();
  }

  /** Says once, for who listens instead of looking, that the time is nearly over. */
  tick(): void {
    const near = this.screen?.state === "wrap_up" && Boolean(this.screen.until) && until(this.screen.until) < hurry;
    write(find("wrap-up-live"), near ? "Wrap-up ends in ten seconds. More time: X." : "");
  }

  finish(): void {
    if (this.screen?.state !== "wrap_up") return;
    const disposition = this.selected();
    if (disposition === "" && this.screen.dispositions.length > 0) {
      write(this.problem, "Choose what the call was about, then finish.");
      show(this.problem, true);
      this.list.querySelector<HTMLInputElement>("input")?.focus();
      return;
    }
    this.run({ kind: "finish_wrap_up", disposition });
  }

  extend(): void {
    if (this.screen?.state === "wrap_up" && this.screen.until) this.run({ kind: "extend_wrap_up" });
  }

  private selected(): string {
    return this.list.querySelector<HTMLInputElement>("input:checked")?.value ?? "";
  }

  // Told to the server at once, so that it stands if the time runs out.
  private chosen(): void {
    const disposition = this.selected();
    show(this.problem, false);
    this.run({ kind: "set_disposition", disposition });
  }

  private choices(names: readonly string[]): void {
    const text = names.join("\n");
    if (text === this.choicesShown) return;
    this.choicesShown = text;
    this.list.replaceChildren(
      ...names.map((name) => {
        const radio = make("input", { type: "radio", name: "disposition", value: name, "data-testid": "disposition" });
        return make("label", {}, radio, make("span", {}, words(name)));
      }),
    );
  }

  // After a reload, or at another window, the choice is as the server has it.
  private restore(disposition: string): void {
    this.list.querySelectorAll<HTMLInputElement>("input").forEach((radio) => {
      radio.checked = radio.value === disposition;
    });
  }
}

function typing(): boolean {
  const focused = document.activeElement;
  return focused instanceof HTMLInputElement && focused.type !== "radio";
}
