// A call's signalling as a ladder: a line for each party, an arrow for each message.
// The names of the parties stay in view while the arrows scroll.

import { make } from "./dom";
import type { Arrow, Ladder as Drawn } from "./protocol";

const times = 76;
const edge = 90; // before the first party
const beside = 14; // from an arrow to its note
const column = 240;
const notes = 360;
const rung = 34;
const head = 34;

export class Ladder {
  private drawn = "";

  /** box scrolls by itself, both ways. */
  constructor(private readonly box: HTMLElement) {}

  render(ladder: Drawn): void {
    const text = JSON.stringify(ladder);
    if (text === this.drawn) return;
    this.drawn = text;
    const follows = this.box.scrollTop + this.box.clientHeight >= this.box.scrollHeight - rung;
    const again = this.box.childElementCount > 0;
    this.box.replaceChildren(names(ladder), rungs(ladder));
    if (again && follows) this.box.scrollTop = this.box.scrollHeight;
  }

  clear(): void {
    this.drawn = "";
    this.box.replaceChildren();
  }
}

function width(ladder: Drawn): number {
  return center(ladder.parties.length - 1) + notes;
}

function center(party: number): number {
  return times + edge + column * party;
}

function names(ladder: Drawn): HTMLElement {
  const svg = picture(width(ladder), head);
  svg.setAttribute("aria-hidden", "true"); // each arrow names its ends
  svg.append(...ladder.parties.map((name, party) => text(center(party), head - 12, "party", "middle", name)));
  return make("div", { class: "ladder-head" }, svg);
}

function rungs(ladder: Drawn): Element {
  const height = rung * (ladder.arrows.length + 1);
  const svg = picture(width(ladder), height);
  svg.setAttribute("role", "list");
  svg.setAttribute("aria-label", "Messages, in their order");
  svg.append(...ladder.parties.map((_, party) => line(center(party), 0, center(party), height - rung / 2, "lifeline")));
  svg.append(...ladder.arrows.map((arrow, place) => rungOf(ladder, arrow, place)));
  return svg;
}

function rungOf(ladder: Drawn, arrow: Arrow, place: number): Element {
  const y = rung * (place + 1) - 6;
  const from = center(arrow.from);
  const to = center(arrow.to);
  const group = shape("g", { class: arrow.response ? "rung response" : "rung", role: "listitem" });
  const way = `from ${ladder.parties[arrow.from] ?? ""} to ${ladder.parties[arrow.to] ?? ""}`;
  group.setAttribute("aria-label", [`${arrow.at.toFixed(3)} seconds: ${arrow.caption}, ${way}`, arrow.note ?? ""].filter(Boolean).join("; "));
  const back = to < from ? 9 : -9;
  group.append(
    text(8, y + 4, "at", "start", arrow.at.toFixed(3)),
    text((from + to) / 2, y - 6, "caption", "middle", arrow.caption),
    line(from, y, to + back / 2, y, "arrow"),
    shape("path", { class: "tip", d: `M${to},${y} l${back},-4.5 v9 z` }),
    text(Math.max(from, to) + beside, y + 4, "note", "start", arrow.note ?? ""),
  );
  return group;
}

function picture(wide: number, high: number): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  svg.style.width = `${wide}px`;
  svg.style.height = `${high}px`;
  return svg;
}

function shape(tag: "g" | "line" | "path" | "text", attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

function line(x1: number, y1: number, x2: number, y2: number, kind: string): SVGElement {
  return shape("line", { class: kind, x1, y1, x2, y2 });
}

function text(x: number, y: number, kind: string, anchor: string, content: string): SVGElement {
  const element = shape("text", { class: kind, x, y, "text-anchor": anchor });
  element.textContent = content;
  return element;
}
