// Waiting longer after each failure, a little differently in each page, so that
// a server that comes back isn't met by everybody at once.

const first = 300;
const most = 8_000;

export class Backoff {
  private failures = 0;

  /** The next wait in milliseconds: doubling, with half of it left to chance. */
  next(): number {
    const full = Math.min(most, first * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 10);
    return full / 2 + Math.random() * (full / 2);
  }

  reset(): void {
    this.failures = 0;
  }
}
