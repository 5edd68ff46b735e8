// The supervisor's list of calls: those that are up, and the latest that are over.
// Nothing in it says who calls.

import { api } from "./api";
import { agentsOf, callerOf, endOf, hurryOf, stageOf, timeOf } from "./call-words";
import { Callbacks } from "./callbacks";
import { learn, now, period, since, spell } from "./clock";
import { find, make, mark, show, write } from "./dom";
import { Poll } from "./poll";
import { type CallList, type CallRow, Refused } from "./protocol";
import { language } from "./words";

/** What a button in a row of the list does. */
export interface RowAction {
  name: string;
  testID: string;
  /** Calls that have the button; all, if it is left out. */
  of?(call: CallRow): boolean;
  run(call: CallRow): void;
}

export class CallsView {
  private readonly view = find("calls-view");
  private readonly up: Rows;
  private readonly recent: Rows;
  private readonly poll = new Poll<CallList>(
    () => api.calls(),
    (list) => this.render(list),
    (problem) => this.stale(problem),
  );
  private readonly callbacks = new Callbacks();
  private shown = false;

  /** both: buttons of every call; live and over: of those that are up or over, before the others. open shows a call by its ID. */
  constructor(live: readonly RowAction[], both: readonly RowAction[], over: readonly RowAction[], open: (id: string) => void) {
    this.up = new Rows(find("calls-up"), [...live, ...both], upCells);
    this.recent = new Rows(find("calls-recent"), [...over, ...both], recentCells);
    const id = find<HTMLInputElement>("find-call-id");
    find<HTMLFormElement>("find-call").addEventListener("submit", (event) => {
      event.preventDefault();
      open(id.value);
      id.value = "";
    });
    id.addEventListener("paste", (event) => {
      event.preventDefault(); // with what surrounds it in a ticket
      id.value = (event.clipboardData?.getData("text") ?? "").trim().toLowerCase();
    });
  }

  show(on: boolean): void {
    show(this.view, on);
    if (on === this.shown) return;
    this.shown = on;
    this.callbacks.show(on);
    if (on) this.poll.start();
    else this.poll.stop();
  }

  /** Nothing of the calls stays in the page. */
  clear(): void {
    this.show(false);
    this.up.render([]);
    this.recent.render([]);
    this.callbacks.clear();
  }

  tick(): void {
    if (!this.shown) return;
    this.up.tick();
    this.callbacks.tick();
  }

  private render(list: CallList): boolean {
    learn(list.now);
    this.up.render(list.up);
    this.recent.render(list.recent);
    write(find("calls-up-count"), String(list.up.length));
    show(find("calls-none"), list.up.length === 0);
    show(find("calls-up-frame"), list.up.length > 0);
    show(find("calls-recent-none"), list.recent.length === 0);
    show(find("calls-recent-frame"), list.recent.length > 0);
    show(find("calls-stale"), false);
    return true;
  }

  private stale(problem: unknown): void {
    write(find("calls-stale"), `Not up to date: ${problem instanceof Refused ? problem.trouble.text : "it will be tried again."}`);
    show(find("calls-stale"), true);
  }
}

interface Cell {
  text: string;
  /** A time since which the cell counts. */
  counts?: string;
  /** What stands before the text, where it isn't empty. */
  badge?: string;
}

function upCells(row: CallRow): Cell[] {
  return [
    { text: stageOf(row), badge: hurryOf(row) },
    { text: "", counts: row.since ?? row.started },
    { text: row.line },
    { text: agentsOf(row) },
    { text: callerOf(row) },
    { text: row.language ? language(row.language) : "–" },
    { text: timeOf(row.started, now()) },
  ];
}

function recentCells(row: CallRow): Cell[] {
  const length = row.ended ? Date.parse(row.ended) - Date.parse(row.started) : 0;
  return [
    { text: timeOf(row.started, now()) },
    { text: spell(length) },
    { text: row.line },
    { text: agentsOf(row) },
    { text: callerOf(row) },
    { text: endOf(row) },
  ];
}

// The rows of a table. A row stays the same element while its call is in the list,
// so that nothing moves under a pointer or loses the focus without need.
class Rows {
  private readonly rows = new Map<string, { element: HTMLTableRowElement; row: CallRow }>();

  constructor(
    private readonly body: HTMLElement,
    private readonly actions: readonly RowAction[],
    private readonly cells: (row: CallRow) => Cell[],
  ) {}

  render(list: readonly CallRow[]): void {
    const ids = new Set(list.map((row) => row.id));
    for (const [id, known] of this.rows) {
      if (ids.has(id)) continue;
      known.element.remove();
      this.rows.delete(id);
    }
    let next = this.body.firstElementChild;
    for (const row of list) {
      const element = this.element(row);
      if (element === next) next = next.nextElementSibling;
      else this.body.insertBefore(element, next);
      this.fill(element, row);
    }
    this.tick();
  }

  tick(): void {
    for (const time of this.body.querySelectorAll<HTMLTimeElement>("time[data-since]")) {
      const passed = since(time.dataset["since"]);
      write(time, spell(passed));
      mark(time, "datetime", period(passed));
    }
  }

  private element(row: CallRow): HTMLTableRowElement {
    const known = this.rows.get(row.id);
    if (known) {
      known.row = row;
      return known.element;
    }
    const element = make("tr", { "data-testid": "call-row", "data-call": row.id });
    const made = { element, row };
    const cells = this.cells(row).map((cell, place) => {
      const within = cell.counts !== undefined ? [make("time")] : cell.badge !== undefined ? [make("span", { class: "badge" }), make("span")] : [];
      return place === 0 ? make("th", { scope: "row" }, ...within) : make("td", {}, ...within);
    });
    const buttons = this.actions.map((action) => {
      const button = make("button", { type: "button", "data-testid": action.testID }, action.name);
      button.addEventListener("click", () => action.run(made.row));
      return button;
    });
    element.append(...cells, make("td", { class: "row-actions" }, ...buttons));
    this.rows.set(row.id, made);
    return element;
  }

  private fill(element: HTMLTableRowElement, row: CallRow): void {
    mark(element, "data-stage", row.stage ?? "");
    mark(element, "data-hurry", hurryOf(row).toLowerCase());
    this.cells(row).forEach((cell, place) => {
      const within = element.cells[place];
      if (!within) return;
      const time = within.querySelector("time");
      const badge = within.querySelector<HTMLElement>(".badge");
      if (time && cell.counts !== undefined) mark(time, "data-since", cell.counts);
      else if (badge && cell.badge !== undefined) {
        write(badge, cell.badge ? `${cell.badge} ` : ""); // the space parts it where it is read aloud
        show(badge, cell.badge !== "");
        write(badge.nextElementSibling ?? badge, cell.text);
      } else write(within, cell.text);
    });
    const of = `the call on ${row.line} at ${timeOf(row.started, now())}`;
    element.querySelectorAll("button").forEach((button, place) => {
      const action = this.actions[place];
      mark(button, "aria-label", `${action?.name ?? ""} of ${of}`);
      show(button, action?.of?.(row) ?? true);
    });
  }
}
