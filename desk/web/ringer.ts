// The ring: a soft two-tone chime, a blinking title, a notice on the desktop.
// None of them says who calls.

const pause = 2_400;
const title = "Careline";

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

  start(): void {
    if (this.ringing) return;
    this.ringing = true;
    let on = true;
    const again = (): void => {
      void this.wake().then((ready) => {
        if (ready && this.ringing) this.chime();
      });
      document.title = on ? "☎ Incoming call" : title;
      on = !on;
    };
    again();
    this.timer = window.setInterval(again, pause / 2);
    this.notify();
  }

  stop(): void {
    if (!this.ringing) return;
    this.ringing = false;
    clearInterval(this.timer);
    document.title = title;
    this.notice?.close();
    this.notice = null;
  }

  /** A short quiet tone pair for a key of the keypad. */
  async key(low: number, high: number): Promise<void> {
    if (!(await this.wake())) return;
    this.tone(low, 0, 0.12, 0.04);
    this.tone(high, 0, 0.12, 0.04);
  }

  private beats = 0;
  private chime(): void {
    if (this.beats++ % 2 !== 0) return; // the title blinks twice as fast as it rings
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

  private notify(): void {
    if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
    this.notice = new Notification("Incoming call", {
      body: "Answer it in the softphone.",
      tag: "careline-call",
      icon: "icon.svg",
      requireInteraction: true,
    });
    this.notice.onclick = () => {
      window.focus();
      this.notice?.close();
    };
  }
}
