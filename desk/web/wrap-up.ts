// Wrap-up: what the call was about, and the time that is left for it.

import { period, since, spell, until } from "./clock";
import { find, make, mark, show, write } from "./dom";
import type { Command, Screen } from "./protocol";
import { words } from "./words";

const hurry = 10_000;
const keepKey = "careline.disposition";

export class WrapUp {
  private readonly form = find<HTMLFormElement>("wrap-up");
  private readonly list = find("dispositions");
  private readonly timer = find("wrap-up-timer");
  private readonly arc = find<SVGCircleElement>("ring-arc");
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
      this.restore(call);
    }
    show(find("extend-wrap-up"), Boolean(screen.until));
    this.tick();
    if (fresh && !typing()) this.list.querySelector<HTMLInputElement>("input:checked, input")?.focus();
  }

  tick(): void {
    const screen = this.screen;
    if (screen?.state !== "wrap_up") return;
    const left = screen.until ? until(screen.until) : since(screen.since);
    const whole = screen.until ? Date.parse(screen.until) - Date.parse(screen.since ?? screen.until) : 0;
    write(this.timer, spell(screen.until ? Math.ceil(left / 1000) * 1000 : left));
    mark(this.timer, "datetime", period(left));
    write(find("wrap-up-timer-label"), screen.until ? "left" : "so far");
    const part = whole > 0 ? Math.min(1, left / whole) : 1;
    this.arc.style.strokeDashoffset = String(100 - 100 * part);
    mark(this.form, "data-hurry", String(Boolean(screen.until) && left < hurry));
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
    keep(`${this.callShown}\n${disposition}`);
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

  private restore(call: string): void {
    const [keptCall, kept] = recall().split("\n");
    this.list.querySelectorAll<HTMLInputElement>("input").forEach((radio) => {
      radio.checked = keptCall === call && radio.value === kept;
    });
  }
}

function typing(): boolean {
  const focused = document.activeElement;
  return focused instanceof HTMLInputElement && focused.type !== "radio";
}

// A reload in wrap-up must not lose the choice.
function keep(text: string): void {
  try {
    sessionStorage.setItem(keepKey, text);
  } catch {
    return; // storage is shut off: the server has the choice
  }
}

function recall(): string {
  try {
    return sessionStorage.getItem(keepKey) ?? "";
  } catch {
    return "";
  }
}
