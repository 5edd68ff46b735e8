// The text of one file, with its lines' numbers and what is wrong in place. It is a
// plain text box, so that screen readers, spelling aids and the browser's undo work.

import { make, mark, write } from "./dom";
import type { Problem } from "./flow-protocol";

const indent = "  ";

export class FlowEditor {
  private readonly gutter: HTMLElement;
  private lines = 0;
  private marked = "";

  constructor(
    private readonly box: HTMLTextAreaElement,
    gutter: HTMLElement,
    edited: (text: string) => void,
    moved: (line: number) => void,
  ) {
    this.gutter = gutter;
    box.addEventListener("input", () => {
      this.number();
      edited(box.value);
    });
    box.addEventListener("scroll", () => this.follow());
    box.addEventListener("keydown", (event) => this.newLine(event));
    document.addEventListener("selectionchange", () => {
      if (document.activeElement === box) moved(this.line());
    });
  }

  /** Shows another file. */
  open(name: string, text: string, editable: boolean): void {
    mark(this.box, "aria-label", `Text of ${name}`);
    this.box.readOnly = !editable;
    this.box.value = text;
    this.box.setSelectionRange(0, 0);
    this.box.scrollTop = 0;
    this.number();
  }

  /** Marks the lines of problems. */
  tell(problems: readonly Problem[], warnings: readonly Problem[]): void {
    const kinds = new Map<number, { kind: string; text: string }>();
    for (const [kind, list] of [["warning", warnings], ["mistake", problems]] as const) {
      for (const one of list) {
        const line = one.line || 1;
        const before = kinds.get(line);
        const text = one.hint ? `${one.message}; ${one.hint}` : one.message;
        kinds.set(line, { kind, text: before ? `${before.text}\n${text}` : text });
      }
    }
    const marked = JSON.stringify([...kinds]);
    if (marked === this.marked && this.lines === this.gutter.childElementCount) return;
    this.marked = marked;
    Array.from(this.gutter.children, (row, place) => {
      const found = kinds.get(place + 1);
      row.className = found?.kind ?? "";
      (row as HTMLElement).title = found?.text ?? "";
    });
  }

  /** Puts the cursor at a place and brings it into view. */
  go(line: number, column = 1): void {
    const rows = this.box.value.split("\n");
    let at = 0;
    for (let i = 0; i < line - 1 && i < rows.length - 1; i++) at += (rows[i]?.length ?? 0) + 1;
    at += Math.max(0, Array.from(rows[line - 1] ?? "").slice(0, column - 1).join("").length);
    this.box.focus();
    this.box.setSelectionRange(at, at);
    const height = this.box.scrollHeight / Math.max(1, rows.length);
    this.box.scrollTop = Math.max(0, (line - 5) * height);
    this.follow();
  }

  private line(): number {
    return this.box.value.slice(0, this.box.selectionStart).split("\n").length;
  }

  private number(): void {
    const lines = this.box.value.split("\n").length;
    while (this.gutter.childElementCount < lines) this.gutter.append(make("i", {}, String(this.gutter.childElementCount + 1)));
    while (this.gutter.childElementCount > lines) this.gutter.lastElementChild?.remove();
    this.lines = lines;
    this.follow();
  }

  private follow(): void {
    this.gutter.style.transform = `translateY(${-this.box.scrollTop}px)`;
  }

  // A new line begins where the one before does. Tab leaves the box, as it must.
  private newLine(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.isComposing || this.box.readOnly || event.ctrlKey || event.metaKey) return;
    const before = this.box.value.slice(0, this.box.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const deeper = /:\s*$/.test(line) ? indent : "";
    const white = /^\s*/.exec(line)?.[0] ?? "";
    if (white + deeper === "") return;
    event.preventDefault();
    // The browser's own command, so that undo knows of it.
    document.execCommand("insertText", false, `\n${white}${deeper}`);
  }
}

/** "3 mistakes, 1 warning", as a status line tells it. */
export function countOf(element: HTMLElement, problems: number, warnings: number, tests: number): void {
  const some = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;
  const parts = problems === 0 ? [`No mistakes, ${some(tests, "test")} passed`] : [some(problems, "mistake")];
  if (warnings > 0) parts.push(some(warnings, "warning"));
  write(element, parts.join(", "));
  mark(element, "data-ok", problems === 0 ? "yes" : "no");
}
