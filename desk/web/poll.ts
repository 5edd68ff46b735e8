// Asks the server again and again while somebody looks.

const usual = 2_000;

export class Poll<T> {
  private timer = 0;
  private run = 0;

  /** take says whether to go on asking. */
  constructor(
    private readonly ask: () => Promise<T>,
    private readonly take: (answer: T) => boolean,
    private readonly failed: (problem: unknown) => void,
    private readonly every = usual,
  ) {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.timer !== 0) this.start();
    });
  }

  /** Asks at once, and then as time goes by. */
  start(): void {
    this.stop();
    this.timer = -1;
    void this.once(this.run);
  }

  stop(): void {
    this.run++;
    clearTimeout(this.timer);
    this.timer = 0;
  }

  private async once(run: number): Promise<void> {
    // Nobody sees a hidden page; it asks when it is shown again.
    if (!document.hidden) {
      try {
        const answer = await this.ask();
        if (run !== this.run) return;
        if (!this.take(answer)) {
          this.stop();
          return;
        }
      } catch (problem) {
        if (run !== this.run) return;
        this.failed(problem);
      }
    }
    if (run === this.run) this.timer = window.setTimeout(() => void this.once(run), this.every);
  }
}
