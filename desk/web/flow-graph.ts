// The drawing of a flow. The server lays it out; it is built here piece by piece, as
// the page's policy wants. A step that is chosen leads to its text, and the other way
// round.

import { mark } from "./dom";
import type { Piece } from "./flow-protocol";

const namespace = "http://www.w3.org/2000/svg";
const allowed = new Set(["svg", "g", "path", "rect", "text", "tspan", "title", "defs", "marker", "circle", "line", "polygon"]);

export class FlowGraph {
  private drawn = "";
  private step = "";
  private flow = "";

  constructor(
    private readonly box: HTMLElement,
    private readonly chosen: (step: string) => void,
  ) {
    box.addEventListener("click", (event) => this.choose(event.target));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      if (this.choose(event.target)) event.preventDefault();
    });
  }

  /** flow names what is drawn: another one is shown from its beginning on. */
  render(flow: string, graph: Piece | undefined): void {
    const text = JSON.stringify(graph ?? null);
    if (text === this.drawn) return;
    this.drawn = text;
    const focused = (document.activeElement as Element | null)?.getAttribute("data-step");
    const drawing = graph && build(graph);
    this.box.replaceChildren(...(drawing ? [drawing] : []));
    if (drawing) {
      drawing.style.width = `${drawing.getAttribute("width") ?? "0"}px`;
      drawing.style.height = `${drawing.getAttribute("height") ?? "0"}px`;
    }
    for (const step of this.box.querySelectorAll("[data-step]")) {
      mark(step, "tabindex", "0");
      mark(step, "role", "button");
      mark(step, "aria-label", Array.from(step.querySelectorAll("text"), (one) => one.textContent).join(", "));
    }
    if (flow !== this.flow) this.begin();
    this.flow = flow;
    if (focused && this.box.contains(document.activeElement)) this.find(focused)?.focus();
    this.mark(this.step, false);
  }

  /** Marks the step whose text is being edited. */
  mark(step: string, bring = true): void {
    this.step = step;
    for (const old of this.box.querySelectorAll(".here")) old.classList.remove("here");
    const found = step ? this.find(step) : null;
    if (!found) return;
    found.classList.add("here");
    if (bring) found.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  private begin(): void {
    const start = this.box.querySelector(".start")?.getBoundingClientRect();
    if (!start) return;
    const box = this.box.getBoundingClientRect();
    this.box.scrollTop = 0;
    this.box.scrollLeft += start.left + start.width / 2 - box.left - box.width / 2;
  }

  private find(step: string): SVGElement | null {
    return this.box.querySelector<SVGElement>(`[data-step="${CSS.escape(step)}"]`);
  }

  private choose(target: EventTarget | null): boolean {
    const step = target instanceof Element ? target.closest("[data-step]")?.getAttribute("data-step") : null;
    if (!step) return false;
    this.mark(step, false);
    this.chosen(step);
    return true;
  }
}

function build(piece: Piece): SVGElement {
  const element = document.createElementNS(namespace, allowed.has(piece.name) ? piece.name : "g");
  for (const [name, value] of Object.entries(piece.attributes ?? {})) {
    if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value);
  }
  if (piece.text) element.textContent = piece.text;
  element.append(...(piece.children ?? []).map(build));
  return element;
}
