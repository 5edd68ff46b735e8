// Messages that callers left, for the agents of their boxes and for supervisors. Nothing
// in the list says who left them; the number to call back on is shown when it is asked for.

import { api } from "./api";
import { callerOf, timeOf } from "./call-words";
import { learn, now, since, spell } from "./clock";
import { find, make, mark, show, write } from "./dom";
import { OneMessage } from "./one-message";
import { Poll } from "./poll";
import { type Message, type MessageList, Refused } from "./protocol";
import { language, words } from "./words";

const every = 4_000;
const countEvery = 5_000;

export class MessagesView {
  private readonly view = find("messages-view");
  private readonly body = find("messages");
  private readonly rows = new Map<string, HTMLTableRowElement>();
  private readonly one = new OneMessage((message) => this.changed(message));
  private list: Message[] = [];
  private shown = false;
  private counting = false;
  private readonly poll = new Poll<MessageList>(() => api.messages(), (list) => this.render(list), (problem) => this.stale(problem), every);
  private readonly count = new Poll(
    () => api.openMessages(),
    (open) => {
      this.badge(open.hears, open.open, open.overdue);
      return true;
    },
    () => undefined, // the number stays as it was; the connection's own notice tells
    countEvery,
  );

  /** Begins to count what is to be answered; hears is told whether this user hears messages at all. */
  constructor(private readonly hears: (on: boolean) => void) {}

  /** Signed in: the number in the navigation is kept. */
  watch(): void {
    if (this.counting) return;
    this.counting = true;
    this.count.start();
  }

  show(on: boolean): void {
    show(this.view, on);
    if (on === this.shown) return;
    this.shown = on;
    if (on) {
      this.poll.start();
      return;
    }
    this.poll.stop();
    this.one.clear(); // what is heard is heard no further
  }

  /** Nothing of the messages stays in the page. */
  clear(): void {
    this.show(false);
    this.counting = false;
    this.count.stop();
    this.badge(false, 0, 0);
    this.render({ now: "", messages: [] });
  }

  private badge(hears: boolean, open: number, overdue: number): void {
    show(find("view-messages"), hears);
    const count = find("messages-open");
    show(count, open > 0);
    write(find("messages-open-number"), String(open));
    write(find("messages-open-words"), overdue > 0 ? ` to be answered, ${overdue} overdue` : " to be answered");
    mark(count, "data-overdue", String(overdue > 0));
    this.hears(hears);
  }

  private changed(message: Message): void {
    this.render({ now: "", messages: this.list.map((one) => (one.id === message.id ? message : one)) });
    this.count.start();
  }

  private render({ now: at, messages }: MessageList): boolean {
    if (at) learn(at);
    this.list = messages;
    const ids = new Set(messages.map((message) => message.id));
    for (const [id, row] of this.rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    let next = this.body.firstElementChild;
    for (const message of messages) {
      const row = this.rows.get(message.id) ?? this.add(message.id);
      if (row === next) next = next.nextElementSibling;
      else this.body.insertBefore(row, next);
      fill(row, message);
      this.one.learn(message);
    }
    show(find("messages-none"), messages.length === 0);
    show(find("messages-frame"), messages.length > 0);
    show(find("messages-stale"), false);
    return true;
  }

  private add(id: string): HTMLTableRowElement {
    const open = make("button", { type: "button", "data-testid": "open-message" }, "Open");
    open.addEventListener("click", () => {
      const message = this.list.find((one) => one.id === id);
      if (message) void this.one.open(message);
    });
    const row = make("tr", { "data-testid": "message-row", "data-message": id });
    row.append(make("th", { scope: "row" }), ...Array.from({ length: 7 }, () => make("td")), make("td", { class: "row-actions" }, open));
    this.rows.set(id, row);
    return row;
  }

  private stale(problem: unknown): void {
    write(find("messages-stale"), `Not up to date: ${problem instanceof Refused ? problem.trouble.text : "it will be tried again."}`);
    show(find("messages-stale"), true);
  }
}

function fill(row: HTMLTableRowElement, message: Message): void {
  const open = message.answered === undefined;
  mark(row, "data-state", !open ? "answered" : message.overdue ? "overdue" : message.heard_by ? "heard" : "new");
  const cells = [
    stateOf(message),
    open ? waitOf(since(message.left)) : "–",
    timeOf(message.due, now()) + (message.overdue ? ": overdue" : ""),
    message.line,
    words(message.box),
    language(message.language),
    callerOf(message),
    spell(message.seconds * 1000),
  ];
  cells.forEach((text, place) => {
    const cell = row.cells[place];
    if (cell) write(cell, text);
  });
  const button = row.querySelector("button");
  if (button) mark(button, "aria-label", `Open the message on ${message.line} of ${timeOf(message.left, now())}`);
}

/** "New", "Heard by Maria Santos, no answer twice", "Reached, by Maria Santos". */
function stateOf(message: Message): string {
  if (message.outcome) return `${words(message.outcome)}, by ${message.answered_by ?? "a colleague"}`;
  const tried = message.tries ? `, no answer ${message.tries === 1 ? "once" : `${message.tries} times`}` : "";
  return (message.heard_by ? `Heard by ${message.heard_by}` : "New") + tried;
}

/** "12 min", "3 h 5 min", "2 days 4 h": seconds don't matter to who waits for a day. */
function waitOf(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} days ${hours % 24} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
