// The ring: a soft two-tone chime and a notice on the desktop. Neither says who calls.

const pause = 2_400;

export class Ringer {
  private context: AudioContext | null = null;
  private timer = 0;
  private notice: Notification | null = null;
  private ringing = false;

  constructor(private readonly silenced: (on: boolean) => void) {
    const wake = (): void => void this.wake();
    addEventListener("pointerdown", wake);
    addEventListener("keydown", wake);
  }

  /** Makes the sound ready; browsers allow it after the page was touched. */
  async wake(): Promise<boolean> {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") {
      // Without a touch this waits for ever instead of failing.
      await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, 300))]);
    }
    const ready = this.context.state === "running";
    this.silenced(!ready);
    return ready;
  }

  /** Where the desk phone rings, only the notice is given here. */
  start(elsewhere: boolean): void {
    if (this.ringing) return;
    this.ringing = true;
    if (elsewhere) {
      this.notify("Incoming call", "Pick up your desk phone.");
      return;
    }
    const again = (): void => {
      void this.wake().then((ready) => {
        if (ready && this.ringing) this.chime();
      });
    };
    again();
    this.timer = window.setInterval(again, pause);
    this.notify("Incoming call", "Answer it in the softphone.");
  }

  stop(): void {
    if (!this.ringing) return;
    this.ringing = false;
    clearInterval(this.timer);
    this.withdraw();
  }

  /** One soft tone and a notice for who looks elsewhere: the page wants a touch. */
  async remind(title: string, body: string): Promise<void> {
    this.notify(title, body);
    if (!(await this.wake())) return;
    this.tone(523, 0, 0.5, 0.08);
    this.tone(392, 0.25, 0.8, 0.08);
  }

  /** Takes the notice back. */
  withdraw(): void {
    this.notice?.close();
    this.notice = null;
  }

  /** A short quiet tone pair for a key of the keypad. */
  async key(low: number, high: number): Promise<void> {
    if (!(await this.wake())) return;
    this.tone(low, 0, 0.12, 0.04);
    this.tone(high, 0, 0.12, 0.04);
  }

  private chime(): void {
    this.tone(660, 0, 0.5, 0.12);
    this.tone(880, 0.18, 0.7, 0.12);
    this.tone(660, 0.7, 0.5, 0.12);
    this.tone(880, 0.88, 0.9, 0.12);
  }

  private tone(hz: number, after: number, length: number, loud: number): void {
    const context = this.context;
    if (!context) return;
    const start = context.currentTime + after;
    const oscillator = new OscillatorNode(context, { frequency: hz, type: "sine" });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(loud, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0005, start + length);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + length + 0.05);
  }

  private notify(title: string, body: string): void {
    if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
    this.withdraw();
    this.notice = new Notification(title, { body, tag: "careline", icon: "icon.svg", requireInteraction: true });
    this.notice.onclick = () => {
      window.focus();
      this.withdraw();
    };
  }
}
