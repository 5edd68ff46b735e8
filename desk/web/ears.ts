// Whether the other side's sound reaches this browser. The server knows that only by
// the browser's reports, every five seconds or so; here it is counted all the time.

const every = 500;
/** As long as sound must be away at the server to count as one-way. */
const patience = 3_500;

export class Ears {
  private listening = false;
  private deaf = false;
  private packets = 0;
  private since = 0;

  constructor(private readonly count: () => Promise<number | undefined>, private readonly changed: () => void) {
    setInterval(() => void this.look(), every);
  }

  /** Whether nothing has come for a while, of a talk that goes on; told of here. */
  hearNothing(talking: boolean): boolean {
    if (talking && !this.listening) this.since = performance.now();
    if (!talking) this.deaf = false;
    this.listening = talking;
    return this.deaf;
  }

  private async look(): Promise<void> {
    if (!this.listening) return;
    const packets = await this.count();
    if (packets !== this.packets || packets === undefined) {
      this.packets = packets ?? 0;
      this.since = performance.now();
    }
    const deaf = this.listening && performance.now() - this.since >= patience;
    if (deaf === this.deaf) return;
    this.deaf = deaf;
    this.changed();
  }
}
