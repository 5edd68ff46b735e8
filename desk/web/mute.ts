// Mute: what the server says, or what the agent asked for until the server has
// said it. The microphone is silent here at once, with or without a connection.

import { Refused, type Screen } from "./protocol";

const unheard = ["away", "lost", "timeout"];

export class Mute {
  private wanted = false;

  constructor(
    private readonly send: (on: boolean) => Promise<void>,
    private readonly hush: (on: boolean) => void,
    private readonly redraw: () => void,
    private readonly failed: (problem: unknown) => void,
  ) {}

  /** Whether the caller is kept from hearing the agent. */
  on(screen: Screen): boolean {
    return this.wanted || screen.muted;
  }

  /** Takes a state that the server sent. again: the first of a connection. */
  render(screen: Screen, again: boolean): void {
    if (screen.muted || !screen.call || screen.state === "wrap_up") this.wanted = false;
    else if (this.wanted && again) this.tell(true);
    this.hush(this.on(screen));
  }

  toggle(screen: Screen): void {
    const on = !this.on(screen);
    this.wanted = on;
    this.hush(on || screen.muted);
    this.redraw();
    this.tell(on);
  }

  private tell(on: boolean): void {
    this.send(on).catch((problem: unknown) => {
      // Silent all the same: the server is told when it is back.
      if (this.wanted && problem instanceof Refused && unheard.includes(problem.trouble.code)) return;
      this.wanted = false;
      this.redraw();
      this.failed(problem);
    });
  }
}
