// What was live when, by whom and why; what differs; and the way back.

import { timeOf } from "./call-words";
import { now } from "./clock";
import { type Change, diff } from "./diff";
import { find, make, show, write } from "./dom";
import type { Files, Script } from "./flow-protocol";

const origins: Record<Script["origin"], string> = {
  start: "at the server's start",
  folder: "from the folder",
  command: "by command",
  page: "from this page",
  rollback: "going back",
};

/** Lines around a change that are shown with it. */
const around = 2;

export class FlowVersions {
  private readonly list = find("flow-versions");
  private readonly box = find("flow-diff");

  /** compare shows what differs from the draft; back asks to go back. */
  constructor(
    private readonly compare: (script: Script) => void,
    private readonly back: (script: Script) => void,
  ) {}

  render(scripts: readonly Script[], mayEdit: boolean): void {
    this.list.replaceChildren(...scripts.map((script) => this.row(script, mayEdit)));
  }

  /** Shows what a script has that the draft hasn't, and the other way round. */
  differ(script: Script, before: Files, draft: Files): void {
    const names = [...new Set([...Object.keys(before), ...Object.keys(draft)])].sort();
    const parts = names.filter((name) => before[name] !== draft[name]).map((name) => filePart(name, before[name] ?? "", draft[name] ?? ""));
    write(find("flow-diff-title"), `From script ${script.number} to your draft`);
    this.box.replaceChildren(...(parts.length > 0 ? parts : [make("p", { class: "empty" }, "Nothing differs.")]));
    show(find("flow-diff-part"), true);
    find("flow-diff-title").scrollIntoView({ block: "nearest" });
  }

  clear(): void {
    this.list.replaceChildren();
    this.box.replaceChildren();
    show(find("flow-diff-part"), false);
  }

  private row(script: Script, mayEdit: boolean): HTMLElement {
    const from = script.source === undefined ? origins[script.origin] : `going back to ${script.source}`;
    const row = make(
      "li",
      { "data-testid": "flow-version", "data-number": String(script.number) },
      make("p", {}, make("b", {}, `Script ${script.number}`), ` ${timeOf(script.time, now())}, ${script.author}, ${from}`),
    );
    if (script.live) row.firstElementChild?.append(make("span", { class: "live" }, "live"));
    if (script.comment) row.append(make("p", { class: "comment" }, script.comment));
    const actions = make("p", { class: "row-actions" });
    actions.append(this.button("Compare", `Compare script ${script.number} with your draft`, () => this.compare(script)));
    if (mayEdit && !script.live) actions.append(this.button("Go back to it", `Go back to script ${script.number}`, () => this.back(script)));
    row.append(actions);
    return row;
  }

  private button(name: string, label: string, run: () => void): HTMLButtonElement {
    const button = make("button", { type: "button", "aria-label": label }, name);
    button.addEventListener("click", run);
    return button;
  }
}

function filePart(name: string, before: string, after: string): HTMLElement {
  const changes = diff(before, after);
  const near = new Set<number>();
  changes.forEach((change, place) => {
    if (change.kind === "same") return;
    for (let i = place - around; i <= place + around; i++) near.add(i);
  });
  const rows: Node[] = [];
  let skipped = false;
  changes.forEach((change, place) => {
    if (!near.has(place)) {
      skipped = true;
      return;
    }
    if (skipped) rows.push(make("li", { class: "gap" }, "…"));
    skipped = false;
    rows.push(lineOf(change));
  });
  return make("section", {}, make("h3", {}, name), make("ol", { class: "diff" }, ...rows));
}

function lineOf(change: Change): HTMLElement {
  const said = { same: "", gone: "only there: ", new: "only in your draft: " }[change.kind];
  return make("li", { class: change.kind }, make("span", { class: "sr" }, said), change.text || " ");
}
