// The little bar that shows that the microphone hears something.

import { find } from "./dom";

const every = 100;

export class Level {
  private readonly bar = find("level");
  private context: AudioContext | null = null;
  private analyser: AnalyserNode | null = null;
  private source: MediaStreamAudioSourceNode | null = null;
  private readonly samples = new Float32Array(256);
  private timer = 0;

  watch(stream: MediaStream | null): void {
    clearInterval(this.timer);
    this.source?.disconnect();
    this.source = null;
    this.draw(0);
    if (!stream) return;
    this.context ??= new AudioContext();
    void this.context.resume();
    this.analyser ??= new AnalyserNode(this.context, { fftSize: 256 });
    this.source = new MediaStreamAudioSourceNode(this.context, { mediaStream: stream });
    this.source.connect(this.analyser);
    this.timer = window.setInterval(() => this.measure(), every);
  }

  private measure(): void {
    if (document.hidden || !this.analyser) return;
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / this.samples.length + 1e-9);
    this.draw(Math.min(1, Math.max(0, (decibels + 60) / 50)));
  }

  private draw(part: number): void {
    this.bar.style.transform = `scaleX(${part.toFixed(2)})`;
  }
}
