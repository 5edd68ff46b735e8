// The keypad for the far side's menus. What is pressed is shown as dots after a
// moment: it may be a number that nobody should read over a shoulder.

import { find, make, mark } from "./dom";
import type { Command, Screen } from "./protocol";

const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;
const letters: Record<string, string> = {
  "2": "ABC", "3": "DEF", "4": "GHI", "5": "JKL", "6": "MNO", "7": "PQRS", "8": "TUV", "9": "WXYZ",
};
const spoken: Record<string, string> = { "*": "star", "#": "pound" };
const rows = [697, 770, 852, 941];
const columns = [1209, 1336, 1477];
const maxShown = 24;

export class Keypad {
  private readonly dialog = find<HTMLDialogElement>("keypad-dialog");
  private readonly opener = find<HTMLButtonElement>("keypad");
  private readonly sent = find<HTMLOutputElement>("keypad-sent");
  private count = 0;
  private hide = 0;

  constructor(
    private readonly run: (command: Command) => void,
    private readonly tone: (low: number, high: number) => void,
  ) {
    for (const key of keys) {
      const button = make("button", { type: "button", "data-testid": `keypad-${key}`, "aria-label": spoken[key] ?? [key, letters[key]].join(" ").trim() }, key);
      if (letters[key]) button.append(" ", make("small", { "aria-hidden": "true" }, letters[key]));
      button.addEventListener("click", () => this.press(key));
      find("keys").append(button);
    }
    this.opener.addEventListener("click", () => this.toggle());
    find("keypad-close").addEventListener("click", () => this.close());
    addEventListener("keydown", (event) => this.typed(event), { capture: true });
  }

  render(screen: Screen): void {
    const possible = screen.state === "talking" && !screen.call?.transfer;
    this.opener.disabled = !possible;
    if (!possible && this.dialog.open) this.close();
  }

  toggle(): void {
    if (this.dialog.open) this.close();
    else if (!this.opener.disabled) this.open();
  }

  private open(): void {
    this.count = 0;
    this.sent.value = "";
    this.dialog.show();
    mark(this.opener, "aria-expanded", "true");
    this.dialog.querySelector<HTMLButtonElement>('[data-testid="keypad-1"]')?.focus();
  }

  private close(): void {
    const inside = this.dialog.contains(document.activeElement);
    this.dialog.close();
    clearTimeout(this.hide);
    this.sent.value = "";
    mark(this.opener, "aria-expanded", "false");
    if (inside) this.opener.focus();
  }

  // While the keypad is open, digits go to it wherever the focus is.
  private typed(event: KeyboardEvent): void {
    if (!this.dialog.open) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if ((keys as readonly string[]).includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) this.press(event.key);
    }
  }

  private press(key: string): void {
    const at = keys.indexOf(key as (typeof keys)[number]);
    this.tone(rows[Math.floor(at / 3)] ?? 0, columns[at % 3] ?? 0);
    this.run({ kind: "send_digit", digit: key });
    const dots = "•".repeat(Math.min(this.count, maxShown));
    this.count++;
    this.sent.value = dots + key;
    clearTimeout(this.hide);
    this.hide = window.setTimeout(() => (this.sent.value = "•".repeat(Math.min(this.count, maxShown))), 900);
  }
}
