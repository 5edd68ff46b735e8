// The one-glance state: a colour, a word, a time.

import { period, since, spell, until } from "./clock";
import { find, mark, show, write } from "./dom";
import type { AgentState, Screen } from "./protocol";
import { language, words } from "./words";

const titles: Record<AgentState, string> = {
  signed_out: "Not signed in",
  available: "Available",
  offered: "Incoming call",
  connecting: "Connecting…",
  talking: "Talking",
  holding: "On hold",
  wrap_up: "Wrap-up",
  away: "Away",
};

const icons: Record<AgentState, string> = {
  signed_out: "#i-away",
  available: "#i-available",
  offered: "#i-phone",
  connecting: "#i-phone",
  talking: "#i-phone",
  holding: "#i-hold",
  wrap_up: "#i-wrap",
  away: "#i-away",
};

export class StateView {
  private readonly stage = find("state");
  private readonly timer = find("timer");
  private readonly ringLeft = find("ring-left");
  private readonly ringBar = this.ringLeft.firstElementChild as HTMLElement;
  private screen: Screen | null = null;

  render(screen: Screen): void {
    this.screen = screen;
    mark(this.stage, "data-state", screen.state);
    mark(this.stage, "data-reason", screen.reason ?? "");
    mark(this.stage, "data-muted", String(screen.muted));
    mark(find("state-icon"), "href", icons[screen.state]);
    write(find("state-text"), screen.state === "talking" && screen.muted ? "Talking – muted" : titles[screen.state]);
    write(find("state-detail"), detail(screen));
    const idle = idleText(screen);
    write(find("idle-text"), idle);
    show(find("idle"), idle !== "");
    this.tick();
  }

  tick(): void {
    const screen = this.screen;
    if (!screen) return;
    const begun = screen.state === "talking" ? (screen.call?.answered ?? screen.since) : screen.since;
    const passed = since(begun);
    write(this.timer, spell(passed));
    mark(this.timer, "datetime", period(passed));
    const ringing = screen.state === "offered" && Boolean(screen.until);
    show(this.ringLeft, ringing);
    if (ringing) {
      const all = Date.parse(screen.until ?? "") - Date.parse(screen.since ?? "");
      this.ringBar.style.transform = `scaleX(${all > 0 ? until(screen.until) / all : 0})`;
    }
  }
}

// The sentence under the state, which a screen reader speaks with it.
function detail(screen: Screen): string {
  const call = screen.call;
  switch (screen.state) {
    case "away":
      if (screen.reason === "no_answer") return "You didn't answer a call";
      if (screen.reason === "signed_in") return "Signed in";
      return screen.reason ? words(screen.reason) : "";
    case "available":
      return screen.media_connected ? "Waiting for the next call" : "No calls come until the sound is connected";
    case "offered": {
      if (!call) return "";
      const verified = call.verification === "verified" ? "Verified" : "Not verified";
      return [verified, language(call.language), call.reason || words(call.queue)].join(" · ");
    }
    case "connecting":
      return "Joining you with the caller";
    case "talking":
      return screen.media_connected ? "" : "The sound is interrupted; the caller is still there";
    case "holding":
      return "The caller hears music and can't hear you";
    case "wrap_up":
      return call?.caller_gone ? "The caller hung up" : "The call is over";
    case "signed_out":
      return "";
  }
}

function idleText(screen: Screen): string {
  if (screen.state === "available") return screen.media_connected ? "Calls ring here. You can leave this window behind others." : "";
  if (screen.state !== "away") return "";
  if (screen.reason === "no_answer") return "So that callers don't ring at an empty desk, no calls come now. Choose Available when you are back.";
  return "No calls come. Choose Available when you are ready.";
}
