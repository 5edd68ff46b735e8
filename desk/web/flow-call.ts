// Trying a draft by a real call: the browser is the caller's telephone. Keys go as
// telephone-events in the sound, as those of any telephone do.

import { api } from "./api";
import { find, make, show, write } from "./dom";
import { flowAPI } from "./flow-api";
import type { CallState, PlacedCall } from "./flow-protocol";
import { gathered } from "./media";
import { Poll } from "./poll";
import { Refused } from "./protocol";

const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;
const keyTime = 120; // ms that a key sounds
const stages: Record<string, string> = {
  ringing: "It rings.", flow: "The flow has the call.", queue: "In line for an agent.", talk: "An agent talks to you.",
  hold: "On hold.", transfer: "Being transferred.", external: "Transferred.",
};

export class FlowCall {
  private peer: RTCPeerConnection | null = null;
  private microphone: MediaStream | null = null;
  private tones: RTCDTMFSender | null = null;
  private id = "";
  private round = 0;
  private readonly button = find<HTMLButtonElement>("trial-call");
  private readonly pad = find("trial-pad");
  private readonly remote = find<HTMLAudioElement>("trial-remote");
  private readonly state = new Poll<CallState>(
    () => flowAPI.callState(this.id),
    (state) => this.render(state),
    (problem) => {
      if (problem instanceof Refused && problem.status === 404) this.over("The call is over.");
    },
    500,
  );

  /** place calls the flow that is open; at tells where the call is. */
  constructor(
    private readonly place: (offer: string) => Promise<PlacedCall>,
    private readonly at: (flow: string, step: string) => void,
  ) {
    for (const key of keys) {
      const button = make("button", { type: "button", "data-testid": `trial-key-${key}` }, key);
      button.addEventListener("click", () => this.press(key));
      this.pad.append(button);
    }
    this.button.addEventListener("click", () => {
      if (this.up) this.hangUp();
      else void this.begin();
    });
    find("trial-by-call").addEventListener("keydown", (event) => {
      if (this.tones && (keys as readonly string[]).includes(event.key) && !event.repeat) this.press(event.key);
    });
    addEventListener("pagehide", () => this.hangUp());
  }

  /** Whether a call is up, or being set up. */
  get up(): boolean {
    return this.button.getAttribute("aria-pressed") === "true";
  }

  /** The caller hangs up, wherever the call is. */
  hangUp(): void {
    if (!this.up) return;
    const { id, peer } = this;
    this.peer = null;
    this.over("You hung up.");
    // The sound ends after the word, which says who ended the call; it does even if the word is lost.
    if (id) void flowAPI.endCall(id).catch(() => undefined).finally(() => peer?.close());
    else peer?.close();
  }

  private async begin(): Promise<void> {
    const round = ++this.round;
    this.stands(true, "It is being set up.");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
      if (round !== this.round) {
        stream.getTracks().forEach((track) => track.stop());
        return;
      }
      this.microphone = stream;
      const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: await api.relays() });
      this.peer = peer;
      const senders = stream.getAudioTracks().map((track) => peer.addTrack(track, stream));
      peer.ontrack = (event) => {
        this.remote.srcObject = event.streams[0] ?? new MediaStream([event.track]);
        void this.remote.play().catch(() => undefined); // the click that began the call lets it play
      };
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer);
      const placed = await this.place(peer.localDescription?.sdp ?? "");
      if (round !== this.round) {
        void flowAPI.endCall(placed.call).catch(() => undefined);
        return;
      }
      this.id = placed.call;
      await peer.setRemoteDescription({ type: "answer", sdp: placed.answer });
      this.tones = senders[0]?.dtmf ?? null;
      this.state.start();
    } catch (problem) {
      if (round === this.round) this.over(why(problem));
    }
  }

  private press(key: string): void {
    this.tones?.insertDTMF(this.tones.toneBuffer + key, keyTime);
  }

  private render(state: CallState): boolean {
    if (state.stage === "over") {
      this.over(state.why ? `The call is over: ${state.why}.` : "The call is over.");
      return false;
    }
    write(find("trial-call-state"), stages[state.stage] ?? state.stage);
    if (state.stage === "flow") this.at(state.flow, state.step);
    return true;
  }

  private over(text: string): void {
    this.round++;
    this.state.stop();
    this.id = "";
    this.tones = null;
    this.peer?.close();
    this.peer = null;
    this.microphone?.getTracks().forEach((track) => track.stop());
    this.microphone = null;
    this.remote.srcObject = null;
    this.stands(false, text);
  }

  private stands(on: boolean, text: string): void {
    this.button.setAttribute("aria-pressed", String(on));
    write(this.button, on ? "Hang up" : "Call this flow");
    show(this.pad, on);
    write(find("trial-call-state"), text);
  }
}

function why(problem: unknown): string {
  if (problem instanceof Refused) return problem.trouble.text;
  if (problem instanceof DOMException && problem.name === "NotAllowedError") return "Allow the microphone: the call needs it.";
  if (problem instanceof DOMException && problem.name === "NotFoundError") return "There is no microphone.";
  return "The call could not be set up.";
}
