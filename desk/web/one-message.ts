// The message that is open: its sound, the number to call back on, and what came of it.
// The server puts the hearing and the reading on record before it gives either.

import { api } from "./api";
import { callerOf, timeOf } from "./call-words";
import { now } from "./clock";
import { find, show, write } from "./dom";
import { type Message, Refused } from "./protocol";
import { language } from "./words";

const sources: Record<Message["number"], string> = {
  entered: "The caller keyed this number in.",
  calling: "The call came from this number. It may be anybody's: ask who it is before you say anything.",
  none: "The caller left no number.",
};

export class OneMessage {
  private readonly part = find("one-message");
  private readonly player = find<HTMLAudioElement>("message-player");
  private readonly showNumber = find<HTMLButtonElement>("message-show-number");
  private readonly outcome = find<HTMLSelectElement>("message-outcome");
  private readonly answer = find<HTMLButtonElement>("message-answer");
  private readonly problem = find("message-problem");
  private id = "";

  constructor(private readonly changed: (message: Message) => void) {
    this.showNumber.addEventListener("click", () => void this.number());
    this.answer.addEventListener("click", () => void this.answered());
    find("message-close").addEventListener("click", () => this.clear());
    this.player.addEventListener("error", () => {
      if (!this.player.hasAttribute("src")) return;
      this.silence();
      this.tell("The message isn't open any more. Press Open to hear it again.");
    });
  }

  async open(message: Message): Promise<void> {
    this.clear();
    this.id = message.id;
    write(find("one-message-title"), `Message on ${message.line}, ${timeOf(message.left, now())}`);
    write(find("message-about"), `${language(message.language)}. Caller: ${callerOf(message)}.`);
    this.learn(message);
    show(this.part, true);
    find("one-message-title").focus();
    await this.doing(async () => {
      const heard = await api.openMessage(message.id);
      if (this.id !== message.id) return; // the page shows another by now
      this.player.src = api.messageSound(message.id);
      show(this.player, true);
      this.changed(heard);
      await this.player.play().catch(() => undefined); // a browser that wants another click has its own button
    });
  }

  /** What the list says of it meanwhile: a colleague may have answered it. */
  learn(message: Message): void {
    if (message.id !== this.id) return;
    const open = message.answered === undefined;
    show(this.showNumber, message.number !== "none" && find("message-number").hidden);
    show(find("message-answering"), open);
    write(find("message-number-from"), sources[message.number]);
  }

  clear(): void {
    this.id = "";
    this.silence();
    write(find("message-number"), "");
    show(find("message-number"), false);
    show(this.problem, false);
    this.outcome.value = "";
    show(this.part, false);
  }

  private async number(): Promise<void> {
    const { id } = this;
    await this.doing(async () => {
      const number = await api.messageNumber(id);
      if (this.id !== id) return;
      write(find("message-number"), number);
      show(find("message-number"), true);
      show(this.showNumber, false);
    });
  }

  private async answered(): Promise<void> {
    const { id } = this;
    if (this.outcome.value === "") {
      this.tell("Say first what came of calling back.");
      this.outcome.focus();
      return;
    }
    await this.doing(async () => {
      const message = await api.answerMessage(id, this.outcome.value);
      this.changed(message);
      if (this.id !== id) return;
      if (message.answered !== undefined) this.clear();
      else this.outcome.value = "";
    });
  }

  private async doing(what: () => Promise<void>): Promise<void> {
    const { id } = this;
    show(this.problem, false);
    this.answer.disabled = this.showNumber.disabled = true;
    try {
      await what();
    } catch (problem) {
      if (this.id === id) this.tell(problem instanceof Refused ? problem.trouble.text : "That can't be done just now.");
    } finally {
      this.answer.disabled = this.showNumber.disabled = false;
    }
  }

  private silence(): void {
    show(this.player, false);
    if (!this.player.hasAttribute("src")) return;
    this.player.pause();
    this.player.removeAttribute("src");
    this.player.load();
  }

  private tell(text: string): void {
    write(this.problem, text);
    show(this.problem, true);
  }
}
