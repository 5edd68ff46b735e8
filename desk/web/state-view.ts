// The one-glance state: a colour, a word, a time.

import { period, since, spell, until } from "./clock";
import { find, mark, show, write } from "./dom";
import { type AgentState, onPhone, type Screen } from "./protocol";
import { unheard } from "./sound";
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

// What the time beside the state means.
const captions: Record<AgentState, string> = {
  signed_out: "",
  available: "waiting",
  offered: "ringing",
  connecting: "joining",
  talking: "talk time",
  holding: "on hold",
  wrap_up: "left",
  away: "away",
};

/** So near the end of a wrap-up it is told loudly. */
export const hurry = 10_000;

export class StateView {
  private readonly stage = find("state");
  private readonly live = find("state-live");
  private readonly timer = find("timer");
  private readonly left = find("time-left");
  private readonly bar = this.left.firstElementChild as HTMLElement;
  private screen: Screen | null = null;

  render(screen: Screen): void {
    this.screen = screen;
    mark(this.stage, "data-state", screen.state);
    mark(this.stage, "data-reason", screen.reason ?? "");
    mark(this.stage, "data-muted", String(screen.muted));
    const missed = screen.state === "away" && screen.reason === "no_answer";
    mark(find("state-icon"), "href", missed ? "#i-missed" : icons[screen.state]);
    mark(this.live, "aria-live", screen.state === "offered" ? "assertive" : "polite"); // a call doesn't wait its turn
    const title = screen.state === "talking" && screen.muted ? "Talking – muted" : titles[screen.state];
    write(find("state-text"), missed ? "Away – missed call" : backTitle(screen) || title);
    write(find("state-detail"), detail(screen));
    const idle = idleText(screen);
    write(find("idle-text"), idle);
    show(find("idle"), idle !== "");
    show(find("idle-available"), screen.state === "away" && screen.media_connected);
    write(find("timer-label"), captions[screen.state]);
    this.tick();
  }

  tick(): void {
    const screen = this.screen;
    if (!screen) return;
    const left = until(screen.until);
    // In wrap-up what is left counts; a ring is as long as the caller waits.
    const back = screen.state === "wrap_up" && Boolean(screen.until);
    const begun = screen.state === "talking" ? (screen.call?.answered ?? screen.since) : screen.since;
    const time = back ? Math.ceil(left / 1000) * 1000 : since(begun);
    write(this.timer, spell(time));
    mark(this.timer, "datetime", period(time));
    mark(this.stage, "data-hurry", String(back && left < hurry));
    const ends = Boolean(screen.until);
    show(this.left, ends);
    if (ends) {
      const all = Date.parse(screen.until ?? "") - Date.parse(screen.since ?? "");
      this.bar.style.transform = `scaleX(${all > 0 ? Math.min(1, left / all) : 0})`;
    }
  }
}

// What stands there instead while who asked to be called isn't with the agent yet.
function backTitle(screen: Screen): string {
  if (!screen.call?.callback) return "";
  if (screen.state === "offered") return "Callback";
  return screen.state === "wrap_up" ? "" : "Calling back…";
}

// The sentence under the state, which a screen reader speaks with it.
function detail(screen: Screen): string {
  const call = screen.call;
  switch (screen.state) {
    case "away":
      if (screen.reason === "no_answer") return "It rang here and you didn't answer";
      if (screen.reason === "sound_lost") return "Your sound is gone; you return by yourself when it is back";
      if (screen.reason === "phone_lost") return "Your desk phone isn't connected; you return by yourself when it is";
      if (screen.reason === "signed_in") return "Signed in";
      return screen.reason ? words(screen.reason) : "";
    case "available":
      if (screen.media_connected) return "Waiting for the next call";
      return `No calls come until the ${onPhone(screen) ? "desk phone" : "sound"} is connected`;
    case "offered": {
      if (!call) return "";
      const verified = call.verification === "verified" ? "Verified" : "Not verified";
      const about = [verified, language(call.language), call.reason || words(call.queue)];
      if (onPhone(screen)) about.unshift("Pick up your desk phone");
      return about.join(" · ");
    }
    case "connecting":
      if (call?.callback) return "The number is being called for you";
      return "Joining you with the caller";
    case "talking":
      if (call?.callback) return call.callback === "answered" ? "Somebody has answered and is asked for a key" : "The number is being called for you";
      if (call?.asked_by) {
        return call.third === "together" ? `${call.asked_by} and the caller hear you` : `${call.asked_by} asks you about the caller, who hears music`;
      }
      if (call?.transfer) return "Somebody is being called for the caller, who hears music";
      if (!screen.media_connected && !onPhone(screen)) return "The sound is interrupted; the caller is still there";
      return unheard(call?.sound) || (screen.muted ? "The caller can't hear you" : "The caller hears you");
    case "holding":
      if (call?.transfer) return "Somebody is being called for the caller, who hears music";
      return "The caller hears music and can't hear you";
    case "wrap_up":
      if (call?.transferred) return "The caller has been transferred; no calls come until you finish";
      return "The caller is off the line; no calls come until you finish";
    case "signed_out":
      return "";
  }
}

function idleText(screen: Screen): string {
  if (screen.state === "available" && onPhone(screen)) return screen.media_connected ? "Calls ring on your desk phone; who calls is shown here." : "";
  if (screen.state === "available") return screen.media_connected ? "Calls ring here. You can leave this window behind others." : "";
  if (screen.state !== "away") return "";
  if (screen.reason === "no_answer") return "So that callers don't ring at an empty desk, no calls come now. Go available when you are back.";
  if (!screen.media_connected && onPhone(screen)) return "No calls come. Once the desk phone is connected, or with this computer instead, you can go available.";
  if (!screen.media_connected) return "No calls come. Once the sound is connected you can go available.";
  return "No calls come. Go available when you are ready.";
}
