// The callers who are to be called back, for a supervisor. Of a number there are its
// last two digits.

import { api } from "./api";
import { timeOf } from "./call-words";
import { learn, now, period, since, spell } from "./clock";
import { find, make, mark, show, write } from "./dom";
import { Poll } from "./poll";
import { type CallbackRow, Refused } from "./protocol";
import { language, words } from "./words";

interface Row {
  element: HTMLTableRowElement;
  state: HTMLElement;
  asked: HTMLTimeElement;
  attempts: HTMLElement;
}

export class Callbacks {
  private readonly part = find("callbacks");
  private readonly body = find("callbacks-open");
  private readonly why = find<HTMLSelectElement>("callback-why");
  private readonly problem = find("callback-problem");
  private readonly rows = new Map<string, Row>();
  private readonly poll = new Poll(
    () => api.callbacks(),
    (list) => {
      learn(list.now);
      this.render(list.open);
      return true;
    },
    () => undefined, // the list of calls says that the page is not up to date
  );

  show(on: boolean): void {
    if (on) this.poll.start();
    else this.poll.stop();
  }

  /** Nothing of it stays in the page. */
  clear(): void {
    this.render([]);
    this.why.value = "";
  }

  tick(): void {
    for (const { asked } of this.rows.values()) {
      const passed = since(asked.dataset["since"]);
      write(asked, `${spell(passed)} ago`);
      mark(asked, "datetime", period(passed));
    }
  }

  private render(list: readonly CallbackRow[]): void {
    const ids = new Set(list.map(({ id }) => id));
    for (const [id, { element }] of this.rows) {
      if (ids.has(id)) continue;
      element.remove();
      this.rows.delete(id);
    }
    for (const one of list) this.fill(this.rows.get(one.id) ?? this.add(one), one);
    write(find("callbacks-count"), String(list.length));
    if (list.length === 0) show(this.problem, false);
    show(this.part, list.length > 0);
    this.tick();
  }

  private add(one: CallbackRow): Row {
    const state = make("th", { scope: "row", "data-testid": "callback-state" });
    const asked = make("time", { "data-since": one.asked });
    const attempts = make("td", {});
    const name = `the callback to the number that ends in ${one.ending}`;
    const button = make("button", { type: "button", "data-testid": "cancel-callback", "aria-label": `Cancel ${name}` }, "Cancel");
    button.addEventListener("click", () => void this.cancel(one.id, button));
    const element = make("tr", { "data-testid": "callback-row", "data-callback": one.id });
    element.append(
      state,
      make("td", {}, asked),
      make("td", {}, words(one.queue)),
      make("td", {}, `…${one.ending}`),
      make("td", {}, one.reason || "–"),
      make("td", {}, one.language ? language(one.language) : "–"),
      attempts,
      make("td", { class: "row-actions" }, button),
    );
    const row = { element, state, asked, attempts };
    this.rows.set(one.id, row);
    this.body.append(element); // they come in the order in which they were asked for
    return row;
  }

  private fill(row: Row, one: CallbackRow): void {
    write(row.state, stateOf(one));
    write(row.attempts, String(one.attempts));
  }

  private async cancel(id: string, button: HTMLButtonElement): Promise<void> {
    show(this.problem, false);
    if (this.why.value === "") {
      this.tell("Say first why it is cancelled.");
      this.why.focus();
      return;
    }
    button.disabled = true;
    try {
      await api.cancelCallback(id, this.why.value);
      this.why.value = ""; // the next one has a reason of its own
      this.poll.start();
    } catch (problem) {
      this.tell(problem instanceof Refused ? problem.trouble.text : "It can't be cancelled just now.");
    } finally {
      button.disabled = false;
    }
  }

  private tell(text: string): void {
    write(this.problem, text);
    show(this.problem, true);
  }
}

/** "In line, place 2", "Being called for Maria Santos". */
function stateOf(one: CallbackRow): string {
  switch (one.state) {
    case "waiting":
      return `In line, place ${one.place ?? 1}`;
    case "aside":
      return one.next ? `Called from ${timeOf(one.next, now())}` : "Called later";
    case "offered":
      return `Offered to ${one.agent ?? ""}`;
    case "calling":
      return one.agent ? `Being called for ${one.agent}` : "Being called";
  }
}
