// Transferring the caller to a colleague or to a number: typed, confirmed, and if it
// is a number followed until somebody answers or the caller is back. A number stays
// in the page no longer than it takes to dial it.

import { api } from "./api";
import { find, make, mark, show, write } from "./dom";
import { type Colleague, type Command, Refused, type Screen } from "./protocol";

/** Why a number that was called didn't take the call. */
export const failures: Record<string, string> = {
  busy: "The number is busy.",
  declined: "The call was declined.",
  no_answer: "Nobody answered.",
  unreachable: "The number couldn't be reached.",
};

export class Transfer {
  private readonly dialog = find<HTMLDialogElement>("transfer-dialog");
  private readonly opener = find<HTMLButtonElement>("transfer");
  private readonly form = find<HTMLFormElement>("transfer-form");
  private readonly sure = find("transfer-sure");
  private readonly calling = find("transfer-calling");
  private readonly number = find<HTMLInputElement>("transfer-number");
  private readonly problem = find("transfer-problem");
  private readonly where = find<HTMLInputElement>("transfer-where");
  private screen: Screen | null = null;
  private colleagues: readonly Colleague[] = [];

  constructor(private readonly send: (command: Command) => Promise<void>) {
    this.opener.addEventListener("click", () => this.toggle());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    for (const button of this.dialog.querySelectorAll("[data-transfer-close]")) button.addEventListener("click", () => this.close());
    find("transfer-back").addEventListener("click", () => this.step(this.form));
    find("transfer-confirm").addEventListener("click", () => void this.go("transfer"));
    find("transfer-consult").addEventListener("click", () => void this.go("consult"));
    find("transfer-cancel").addEventListener("click", () => void this.cancel());
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.calling.hidden) return;
      event.preventDefault();
      this.close();
    });
  }

  render(screen: Screen): void {
    this.screen = screen;
    const talks = screen.state === "talking" || screen.state === "holding";
    show(this.opener, screen.transfers);
    this.opener.disabled = !talks || screen.call?.third !== undefined;
    const call = talks ? screen.call : undefined;
    if (!call) {
      if (this.dialog.open) this.close();
      return;
    }
    if (call.transfer) {
      this.follow(call.transfer);
    } else if (!this.calling.hidden) {
      this.back(call.transfer_failed ?? "");
    }
  }

  toggle(): void {
    if (this.dialog.open) {
      if (this.calling.hidden) this.close();
    } else if (this.opener.offsetParent && !this.opener.disabled) this.open();
  }

  private open(): void {
    this.tell("");
    this.dialog.show();
    mark(this.opener, "aria-expanded", "true");
    this.step(this.form);
    void this.suggest();
  }

  private close(): void {
    const inside = this.dialog.contains(document.activeElement);
    this.number.value = "";
    write(find("transfer-to"), "");
    this.tell("");
    this.step(this.form);
    if (this.dialog.open) this.dialog.close();
    mark(this.opener, "aria-expanded", "false");
    if (inside && !this.opener.disabled) this.opener.focus();
  }

  // One of the three parts at a time; whoever was in the dialog stays in it.
  private step(part: HTMLElement): void {
    for (const one of [this.form, this.sure, this.calling]) show(one, one === part);
    if (!this.dialog.open) return;
    part.querySelector<HTMLElement>("input, button:not([hidden])")?.focus();
    if (part === this.form) this.number.select(); // so that typing again begins anew
  }

  private ask(): void {
    const typed = this.number.value.trim();
    const colleague = this.colleague(typed);
    const nobody = !colleague && !/\d/.test(typed) && this.colleagues.length > 0;
    if (typed === "" || nobody) {
      this.tell(typed ? "There is no such colleague. Choose one from the list, or type a number." : "Type a colleague's name, or the number to call.");
      this.number.focus();
      return;
    }
    this.tell("");
    write(find("transfer-verb"), colleague ? "Hand the caller to" : "Call");
    write(find("transfer-to"), colleague ? colleague.name : typed);
    write(
      find("transfer-then"),
      colleague
        ? "and go to wrap-up? It rings there at once; if it isn't answered, the caller is first in line. Ask first keeps you with the caller until they answer."
        : "and put the caller through? The caller hears music until somebody answers. Ask first lets you speak with them before.",
    );
    if (colleague?.queue) {
      write(find("transfer-verb"), "Ask the agents of");
      write(find("transfer-then"), "about the caller, who hears music and stays with you until one answers?");
    }
    show(find("transfer-confirm"), !colleague?.queue);
    show(find("transfer-where-line"), colleague?.queue === true);
    this.where.value = this.screen?.call?.state ?? "";
    this.step(this.sure);
  }

  private colleague(typed: string): Colleague | undefined {
    const wanted = typed.toLowerCase();
    if (!wanted) return undefined;
    return this.colleagues.find((one) => [one.user, one.name, one.extension].some((name) => name?.toLowerCase() === wanted));
  }

  // The names that the browser suggests while one is typed. Without them numbers can
  // still be called.
  private async suggest(): Promise<void> {
    try {
      this.colleagues = await api.colleagues();
    } catch {
      return;
    }
    find("transfer-colleagues").replaceChildren(
      ...this.colleagues.map((one) => make("option", { value: one.name }, one.queue ? "whoever is free there" : one.extension ? `${one.user}, ${one.extension}` : one.user)),
    );
  }

  private async go(kind: "transfer" | "consult"): Promise<void> {
    const typed = this.number.value.trim();
    if (typed === "") return; // on its way already
    try {
      const colleague = this.colleague(typed);
      const number = colleague?.user ?? typed;
      await this.send(kind === "consult" && colleague?.queue ? { kind, number, caller_state: this.where.value.trim() } : { kind, number });
      this.number.value = "";
      write(find("transfer-to"), "");
      if (kind === "consult") this.close(); // the panel below follows it
    } catch (problem) {
      this.step(this.form);
      this.tell(problem instanceof Refused ? problem.trouble.text : "That didn't work. Try again.");
    }
  }

  private async cancel(): Promise<void> {
    try {
      await this.send({ kind: "cancel_transfer" });
    } catch (problem) {
      this.tell(problem instanceof Refused ? problem.trouble.text : "That didn't work. Try again.");
    }
  }

  private follow(state: "calling" | "ringing"): void {
    if (this.calling.hidden) {
      if (!this.dialog.open) this.open();
      this.tell("");
      this.step(this.calling);
    }
    write(find("transfer-state"), state === "ringing" ? "It is ringing. The caller hears music." : "Calling. The caller hears music.");
  }

  // The caller is back with the agent.
  private back(why: string): void {
    if (why === "" || why === "cancelled") {
      this.close();
      return;
    }
    this.step(this.form);
    const held = this.screen?.state === "holding";
    this.tell(`${failures[why] ?? "The transfer failed."} ${held ? "The caller is on hold again." : "The caller is back with you."}`);
  }

  private tell(text: string): void {
    write(this.problem, text);
    show(this.problem, text !== "");
  }
}
