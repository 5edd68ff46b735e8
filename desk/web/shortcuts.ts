// Single keys for what is done all day. What can't be undone wants Shift. They
// can be turned off (WCAG 2.1.4) and rest while something is typed.

import { find, make } from "./dom";

export interface Shortcut {
  key: string;
  shift?: boolean;
  does: string;
  run(): void;
}

const keepKey = "careline.shortcuts";

export class Shortcuts {
  private readonly box = find<HTMLInputElement>("shortcuts-on");

  constructor(private readonly list: readonly Shortcut[], private readonly ready: () => boolean) {
    try {
      this.box.checked = localStorage.getItem(keepKey) !== "off";
    } catch {
      this.box.checked = true;
    }
    this.box.addEventListener("change", () => this.keep());
    find("shortcuts").replaceChildren(
      ...list.map((one) =>
        make("div", {}, make("dt", {}, ...(one.shift ? [make("kbd", {}, "Shift")] : []), make("kbd", {}, one.key)), make("dd", {}, one.does)),
      ),
    );
    addEventListener("keydown", (event) => this.pressed(event));
    this.keep();
  }

  private pressed(event: KeyboardEvent): void {
    if (!this.box.checked || !this.ready() || event.repeat || event.defaultPrevented) return;
    if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    const found = this.list.find((one) => one.key === event.key.toUpperCase() && Boolean(one.shift) === event.shiftKey);
    if (!found) return;
    event.preventDefault();
    found.run();
  }

  private keep(): void {
    document.body.classList.toggle("no-shortcuts", !this.box.checked);
    try {
      localStorage.setItem(keepKey, this.box.checked ? "on" : "off");
    } catch {
      return; // for this visit only
    }
  }
}

function typing(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !["radio", "checkbox", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
