// The socket to the server. It comes back by itself until told to stop, and
// each time the server's first message is the whole state.

import { Backoff } from "./backoff";
import { closed, Refused, type Command, type Pushed, type Screen, type Trouble } from "./protocol";

interface Waiting {
  resolve(): void;
  reject(problem: Refused): void;
}

export interface SocketEvents {
  state(screen: Screen): void;
  /** up: the state arrives; down: lost, being reconnected. */
  connection(up: boolean): void;
  /** Over for good, by one of our close codes. */
  over(code: number): void;
  /** A connection could not be made: the cookie may have ended. True: stop trying. */
  refused(): Promise<boolean>;
}

const aliveEvery = 10_000;
const aliveTime = 5_000;
const lost: Trouble = { code: "lost", text: "The connection was lost; it isn't known whether that was done. Look, and try again." };
const away: Trouble = { code: "away", text: "There is no connection to the server just now. Try again when it is back." };
const final: readonly number[] = Object.values(closed);

export class Socket {
  private socket: WebSocket | null = null;
  private readonly backoff = new Backoff();
  private readonly waiting = new Map<number, Waiting>();
  private lastID = 0;
  private retry = 0;
  private heartbeat = 0;
  private silence = 0;
  private wanted = false;
  // A person has just asked for this window; afterwards the page only comes
  // back to the place it has, and takes nobody's.
  private taking = false;
  private readonly page = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  constructor(private readonly events: SocketEvents) {
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.hurry();
    });
  }

  start(): void {
    this.wanted = this.taking = true;
    this.backoff.reset();
    this.open();
  }

  stop(): void {
    this.wanted = false;
    this.drop();
  }

  /** Does a command; rejects with the server's reason. */
  send(command: Command): Promise<void> {
    if (this.socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Refused(away));
    const id = ++this.lastID;
    const reply = new Promise<void>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.socket.send(JSON.stringify({ id, ...command }));
    return reply;
  }

  /** Says that somebody is at the page; nothing waits for it. */
  note(): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ kind: "activity" }));
  }

  private open(): void {
    clearTimeout(this.retry);
    this.drop();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = `page=${this.page}${this.taking ? "&take=1" : ""}`;
    const socket = new WebSocket(`${scheme}//${location.host}/api/socket?${query}`);
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.heartbeat = window.setInterval(() => this.beat(), aliveEvery);
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (this.socket === socket) this.take(JSON.parse(event.data) as Pushed);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) void this.ended(event.code, opened);
    };
  }

  private take(pushed: Pushed): void {
    clearTimeout(this.silence);
    if (pushed.kind === "state") {
      this.taking = false;
      this.backoff.reset();
      this.events.connection(true);
      this.events.state(pushed.state);
      return;
    }
    const waiting = this.waiting.get(pushed.id);
    this.waiting.delete(pushed.id);
    if (pushed.error) waiting?.reject(new Refused(pushed.error));
    else waiting?.resolve();
  }

  private async ended(code: number, opened: boolean): Promise<void> {
    this.drop();
    if (!this.wanted) return;
    if (final.includes(code)) {
      this.wanted = false;
      this.events.over(code);
      return;
    }
    this.events.connection(false);
    if (!opened && (await this.events.refused())) {
      this.wanted = false;
      return;
    }
    if (!this.wanted || this.socket) return;
    this.retry = window.setTimeout(() => this.open(), this.backoff.next());
  }

  // A network that changed leaves a socket open that nothing comes through.
  private beat(): void {
    this.send({ kind: "alive" }).catch(() => undefined);
    clearTimeout(this.silence);
    const socket = this.socket;
    this.silence = window.setTimeout(() => {
      if (this.socket === socket) void this.ended(0, true);
    }, aliveTime);
  }

  private hurry(): void {
    if (!this.wanted) return;
    if (this.socket?.readyState === WebSocket.OPEN) this.beat();
    else if (!this.socket) this.open();
  }

  private drop(): void {
    clearInterval(this.heartbeat);
    clearTimeout(this.silence);
    clearTimeout(this.retry);
    const old = this.socket;
    this.socket = null;
    old?.close();
    for (const one of this.waiting.values()) one.reject(new Refused(lost));
    this.waiting.clear();
  }
}
