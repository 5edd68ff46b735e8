// What is wrong, in words that say what to do.

import { find, show, write } from "./dom";
import type { Link, Microphone } from "./media";
import { type DeskPhone, Refused } from "./protocol";

const commandTime = 8_000;
const linkPatience = 2_500;

const microphoneTexts: Partial<Record<Microphone, readonly [title: string, text: string]>> = {
  denied: [
    "The microphone is blocked",
    "Callers can't hear you, so no calls come. Click the icon left of the address, set Microphone to Allow, then try again. If it isn't offered there, look in the system's privacy settings.",
  ],
  missing: ["No microphone was found", "Plug in your headset; it is taken into use by itself. Then try again if nothing happens."],
  busy: ["The microphone can't be used", "Another program holds it, or the headset was unplugged. Close the other program or plug it in again, then try again."],
  insecure: ["The microphone needs a safe address", "Browsers give the microphone only to https pages and to localhost. Ask your administrator for the https address."],
};

export class Banners {
  private commandTimer = 0;
  private linkTimer = 0;
  private deskPhone: DeskPhone | undefined; // while calls ring there
  private heard: Microphone = "asking";
  private path: Link = "none";

  constructor(retryMicrophone: () => void, useHere: () => void, soundOn: () => void, stillHere: () => void) {
    find("mic-retry").addEventListener("click", retryMicrophone);
    find("use-here").addEventListener("click", useHere);
    find("sound-on").addEventListener("click", soundOn);
    find("still-here").addEventListener("click", stillHere);
    find("command-close").addEventListener("click", () => this.settled());
  }

  /** Where calls ring on the desk phone, this page's own sound is nobody's worry. */
  phone(phone: DeskPhone | undefined): void {
    const used = phone?.used ? phone : undefined;
    if (used?.registered === this.deskPhone?.registered) return;
    this.deskPhone = used;
    show(find("health-mic"), used === undefined);
    this.microphone(this.heard);
    this.link(this.path);
  }

  microphone(state: Microphone): void {
    this.heard = state;
    const texts = microphoneTexts[state];
    if (texts) {
      write(find("mic-title"), texts[0]);
      write(find("mic-text"), texts[1]);
    }
    if (state !== "asking" || this.deskPhone) show(find("mic-problem"), texts !== undefined && !this.deskPhone);
    lamp("mic", state === "ready", `Microphone: ${state === "ready" ? "ready" : state === "asking" ? "asking" : "blocked"}`);
  }

  link(state: Link): void {
    this.path = state;
    clearTimeout(this.linkTimer);
    if (this.deskPhone) {
      show(find("media-problem"), false);
      lamp("sound", this.deskPhone.registered, `Desk phone: ${this.deskPhone.registered ? "connected" : "not connected"}`);
      return;
    }
    if (state === "interrupted") this.linkTimer = window.setTimeout(() => show(find("media-problem"), true), linkPatience);
    else show(find("media-problem"), false);
    const words: Record<Link, string> = { none: "off", connecting: "connecting", connected: "connected", interrupted: "interrupted" };
    lamp("sound", state === "connected", `Sound: ${words[state]}`);
  }

  connection(up: boolean): void {
    show(find("connection-problem"), !up);
    lamp("line", up, `Server: ${up ? "connected" : "reconnecting"}`);
  }

  silenced(on: boolean): void {
    show(find("sound-problem"), on);
  }

  displaced(on: boolean): void {
    show(find("displaced"), on);
    if (on) find("use-here").focus();
  }

  draining(on: boolean): void {
    show(find("draining"), on);
  }

  /** The sign-out that is near: by idleness, which a touch prevents, or by the sign-in's age. */
  leaving(on: boolean, idle: boolean, left: string): void {
    if (on) {
      write(find("leaving-title"), idle ? "Still there?" : "Your sign-in ends");
      write(
        find("leaving-text"),
        idle ? "Nobody has touched this page for a while. You will be signed out soon." : "It has lasted its longest time. Sign in again to go on; a call in hand is never cut.",
      );
      show(find("still-here"), idle);
      write(find("leaving-left"), left);
    }
    show(find("idle-warning"), on);
  }

  /** What a command came back with; it goes away by itself. */
  command(problem: unknown): void {
    // The notice that stands there says it already.
    if (problem instanceof Refused && problem.trouble.code === "away" && !find("connection-problem").hidden) return;
    write(find("command-text"), problem instanceof Refused ? problem.trouble.text : "That didn't work. Try again.");
    show(find("command-problem"), true);
    clearTimeout(this.commandTimer);
    this.commandTimer = window.setTimeout(() => this.settled(), commandTime);
  }

  settled(): void {
    show(find("command-problem"), false);
  }

  /** Signed out: nothing of the desk's is wrong any more. */
  clear(): void {
    clearTimeout(this.linkTimer);
    for (const id of ["connection-problem", "mic-problem", "media-problem", "sound-problem", "displaced", "idle-warning", "command-problem", "draining"]) {
      show(find(id), false);
    }
  }
}

function lamp(which: "line" | "sound" | "mic", ok: boolean, text: string): void {
  find(`health-${which}`).dataset["ok"] = ok ? "yes" : "no";
  write(find(`health-${which}-text`), text);
}
