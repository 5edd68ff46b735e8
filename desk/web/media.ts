// The microphone and the one peer connection that stands while the agent is
// signed in. When it fails, a new one is offered; the old one's sound stays
// until the new one is answered.

import { api } from "./api";
import { Backoff } from "./backoff";

export type Microphone = "asking" | "ready" | "denied" | "missing" | "busy" | "insecure";
export type Link = "none" | "connecting" | "connected" | "interrupted";

export interface MediaEvents {
  microphone(state: Microphone): void;
  link(state: Link): void;
  /** The browser refuses to play until the page is touched. */
  silenced(): void;
}

const gatheringTime = 1_500;
const interruptedTime = 4_000;

export class Media {
  private stream: MediaStream | null = null;
  private peer: RTCPeerConnection | null = null;
  private round = 0;
  private retry = 0;
  private wanted = false;
  private muted = false;
  private readonly backoff = new Backoff();

  constructor(private readonly remote: HTMLAudioElement, private readonly events: MediaEvents) {
    navigator.mediaDevices?.addEventListener("devicechange", () => {
      if (this.wanted && !this.live()) void this.start();
    });
    this.watchPermission();
  }

  /** Asks for the microphone, then offers media; again after a denial. */
  async start(): Promise<void> {
    this.wanted = true;
    if (!this.live() && !(await this.ask())) return;
    if (this.wanted) await this.offer();
  }

  stop(): void {
    this.wanted = false;
    this.round++;
    clearTimeout(this.retry);
    this.peer?.close();
    this.peer = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.remote.srcObject = null;
    this.events.link("none");
  }

  /** Silences the microphone here, at once; the server mutes as well. */
  mute(on: boolean): void {
    this.muted = on;
    this.stream?.getAudioTracks().forEach((track) => (track.enabled = !on));
  }

  /** The microphone's sound, for the level that the agent sees. */
  source(): MediaStream | null {
    return this.live() ? this.stream : null;
  }

  connected(): boolean {
    return this.peer?.connectionState === "connected";
  }

  /** How many packets of sound have come; nothing where there is no connection. */
  async received(): Promise<number | undefined> {
    if (!this.connected()) return undefined;
    let packets = 0;
    (await this.peer?.getStats())?.forEach((entry: RTCInboundRtpStreamStats) => {
      if (entry.type === "inbound-rtp") packets += entry.packetsReceived ?? 0;
    });
    return packets;
  }

  /** The server has no sound path though we thought so: it was restarted. */
  renew(): void {
    if (this.wanted && this.live()) void this.offer();
  }

  private live(): boolean {
    return this.stream?.getAudioTracks().some((track) => track.readyState === "live") ?? false;
  }

  private async ask(): Promise<boolean> {
    if (!navigator.mediaDevices) {
      this.events.microphone("insecure");
      return false;
    }
    this.events.microphone("asking");
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (problem) {
      this.events.microphone(kindOf(problem));
      if (!this.peer) this.events.link("none");
      return false;
    }
    if (!this.wanted) {
      stream.getTracks().forEach((track) => track.stop());
      return false;
    }
    this.stream = stream;
    this.mute(this.muted);
    stream.getAudioTracks().forEach((track) => {
      track.onended = () => {
        if (this.wanted && this.stream === stream) void this.start();
      };
    });
    this.events.microphone("ready");
    return true;
  }

  private async offer(): Promise<void> {
    const round = ++this.round;
    clearTimeout(this.retry);
    const old = this.peer;
    if (!old) this.events.link("connecting");
    let peer: RTCPeerConnection | null = null;
    try {
      peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: await api.relays() });
      if (round !== this.round) throw new Error("overtaken");
      for (const track of this.stream?.getAudioTracks() ?? []) peer.addTrack(track, this.stream as MediaStream);
      peer.ontrack = (event) => this.hear(event.streams[0] ?? new MediaStream([event.track]));
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer);
      const sdp = await api.media(peer.localDescription?.sdp ?? "");
      if (round !== this.round) throw new Error("overtaken");
      this.peer = peer;
      old?.close();
      await peer.setRemoteDescription({ type: "answer", sdp });
      this.follow(peer);
    } catch {
      peer?.close();
      if (round !== this.round || !this.wanted) return;
      if (this.peer === peer || !this.peer || this.peer.connectionState !== "connected") this.events.link("interrupted");
      this.later(this.backoff.next());
    }
  }

  private follow(peer: RTCPeerConnection): void {
    const look = (): void => {
      if (this.peer !== peer) return;
      switch (peer.connectionState) {
        case "connected":
          clearTimeout(this.retry);
          this.backoff.reset();
          this.events.link("connected");
          break;
        case "disconnected": // may come back by itself
          this.events.link("interrupted");
          this.later(interruptedTime);
          break;
        case "failed":
          this.events.link("interrupted");
          this.later(this.backoff.next());
          break;
      }
    };
    peer.onconnectionstatechange = look;
    look();
  }

  private later(wait: number): void {
    clearTimeout(this.retry);
    this.retry = window.setTimeout(() => void this.start(), wait);
  }

  private hear(stream: MediaStream): void {
    this.remote.srcObject = stream;
    this.remote.play().catch((problem: unknown) => {
      if (problem instanceof DOMException && problem.name === "NotAllowedError") this.events.silenced();
    });
  }

  private watchPermission(): void {
    navigator.permissions
      ?.query({ name: "microphone" as PermissionName })
      .then((permission) => {
        permission.onchange = () => {
          if (this.wanted && permission.state === "granted" && !this.live()) void this.start();
        };
      })
      .catch(() => undefined); // a browser that doesn't know the name
  }
}

function kindOf(problem: unknown): Microphone {
  const name = problem instanceof DOMException ? problem.name : "";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "denied";
}

// The answer is complete and so must the offer be: candidates don't trickle.
export function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, gatheringTime);
    peer.onicegatheringstatechange = () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    };
  });
}
