// The buttons of an offered call and of a call in hand.

import { find, mark, show, write } from "./dom";
import { type AgentState, type Command, onPhone, type Screen } from "./protocol";

export const inHand: readonly AgentState[] = ["connecting", "talking", "holding"];

// Buttons that have just come into place under a pointer aren't pressed by the
// second half of a double click on what stood there before.
const settling = 700;

export class Controls {
  private readonly offer = find("offer-controls");
  private readonly talk = find("talk-controls");
  private readonly mute = find<HTMLButtonElement>("mute");
  private readonly hold = find<HTMLButtonElement>("hold");
  private readonly recording = find<HTMLButtonElement>("pause-recording");
  private screen: Screen | null = null;
  private offerShown = "";
  private recorded = "";
  private settled = 0;

  constructor(private readonly run: (command: Command) => void, private readonly muted: () => void) {
    const guard = (event: MouseEvent): void => {
      if (event.detail > 1 && performance.now() < this.settled) event.stopImmediatePropagation();
    };
    for (const group of [this.offer, this.talk]) group.addEventListener("click", guard, { capture: true });
    find("accept").addEventListener("click", () => this.accept());
    find("decline").addEventListener("click", () => this.decline());
    this.mute.addEventListener("click", () => this.toggleMute());
    this.hold.addEventListener("click", () => this.toggleHold());
    this.recording.addEventListener("click", () => this.toggleRecording());
    find("hang-up").addEventListener("click", () => this.hangUp());
  }

  render(screen: Screen): void {
    this.screen = screen;
    const offered = screen.state === "offered";
    const talking = inHand.includes(screen.state);
    const focused = document.activeElement;
    const lostFocus =
      focused instanceof HTMLElement && ((this.offer.contains(focused) && !offered) || (this.talk.contains(focused) && !talking));
    if ((offered && this.offer.hidden) || (talking && this.talk.hidden)) this.settled = performance.now() + settling;
    show(this.offer, offered);
    show(find("accept"), !(offered && onPhone(screen))); // the phone's handset accepts
    show(this.talk, talking);
    mark(this.mute, "aria-pressed", String(screen.muted));
    write(find("mute-text"), screen.muted ? "Unmute" : "Mute");
    mark(find("mute-icon"), "href", screen.muted ? "#i-mic-off" : "#i-mic");
    const held = screen.state === "holding";
    mark(this.hold, "aria-pressed", String(held));
    write(find("hold-text"), held ? "Resume" : "Hold");
    mark(find("hold-icon"), "href", held ? "#i-resume" : "#i-hold");
    const recording = screen.call?.recording;
    const paused = recording === "paused";
    // Should the recording fail, the button stays: none must move under a pointer.
    if (recording !== undefined) this.recorded = screen.call?.id ?? "";
    show(this.recording, talking && screen.call?.id === this.recorded);
    this.recording.disabled = recording === undefined;
    mark(this.recording, "aria-pressed", String(paused));
    write(find("pause-recording-text"), paused ? "Record again" : "Pause recording");
    mark(find("pause-recording-icon"), "href", paused ? "#i-recording-off" : "#i-recording");
    this.mute.disabled = screen.state === "connecting";
    this.hold.disabled = this.mute.disabled || Boolean(screen.call?.transfer);
    this.focus(screen, lostFocus);
  }

  // A keyboard user stands where the next key press matters, without the page
  // taking the focus away from something being typed.
  private focus(screen: Screen, lostFocus: boolean): void {
    const fresh = screen.state === "offered" && screen.call && screen.call.offer !== this.offerShown;
    this.offerShown = screen.state === "offered" ? (screen.call?.offer ?? "") : "";
    if (fresh) scrollTo({ top: 0 }); // the call and its buttons are at the top, wherever the page was left
    const free = document.activeElement === null || document.activeElement === document.body;
    if (fresh && free && !onPhone(screen)) find("accept").focus();
    else if (lostFocus && inHand.includes(screen.state)) (this.mute.disabled ? find("hang-up") : this.mute).focus();
    else if (lostFocus && screen.state !== "wrap_up") find("state-available").focus();
  }

  accept(): void {
    const call = this.screen?.call;
    if (this.screen?.state === "offered" && call && !onPhone(this.screen)) this.run({ kind: "accept", offer: call.offer });
  }

  decline(): void {
    const call = this.screen?.call;
    if (this.screen?.state === "offered" && call) this.run({ kind: "decline", offer: call.offer });
  }

  toggleMute(): void {
    if (this.screen && !this.mute.disabled && inHand.includes(this.screen.state)) this.muted();
  }

  toggleHold(): void {
    if (this.hold.disabled) return;
    if (this.screen?.state === "talking") this.run({ kind: "hold", on: true });
    if (this.screen?.state === "holding") this.run({ kind: "hold", on: false });
  }

  /** Leaves out of the recording what is said, such as a card's number. */
  toggleRecording(): void {
    if (this.recording.hidden || this.recording.disabled) return;
    this.run({ kind: "pause_recording", on: this.screen?.call?.recording !== "paused" });
  }

  hangUp(): void {
    if (this.screen && inHand.includes(this.screen.state)) this.run({ kind: "hang_up" });
  }
}
