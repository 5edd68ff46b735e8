// The draft: files as they stand in the page, and the script that they were made from.
// It outlives a reload of the page, in this tab alone. Nothing of a caller is in it.

import type { Files, LiveFlows } from "./flow-protocol";

const key = "careline.draft";

interface Kept {
  from: number;
  files: Files;
}

export class FlowDraft {
  files: Files = {};
  /** The script that the draft was made from. */
  from = 0;
  private live: Files = {};

  /** Takes what is live; a draft that was kept goes on, whatever it was made from. */
  open(flows: LiveFlows): void {
    this.live = flows.files;
    const kept = this.kept();
    this.files = { ...(kept?.files ?? flows.files) };
    this.from = kept?.from ?? flows.live.number;
    if (!this.dirty && this.from !== flows.live.number) this.take(flows);
  }

  /** What is live is the draft. */
  take(flows: LiveFlows): void {
    this.live = flows.files;
    this.files = { ...flows.files };
    this.from = flows.live.number;
    sessionStorage.removeItem(key);
  }

  /** Goes on from another script, with the draft's text. */
  rebase(flows: LiveFlows): void {
    this.live = flows.files;
    this.from = flows.live.number;
    this.keep();
  }

  edit(name: string, text: string): void {
    this.files[name] = text;
    this.keep();
  }

  remove(name: string): void {
    delete this.files[name];
    this.keep();
  }

  get names(): string[] {
    return Object.keys(this.files).sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
  }

  changed(name: string): boolean {
    return this.files[name] !== this.live[name];
  }

  get dirty(): boolean {
    return [...new Set([...Object.keys(this.files), ...Object.keys(this.live)])].some((name) => this.changed(name));
  }

  clear(): void {
    this.files = this.live = {};
    this.from = 0;
    sessionStorage.removeItem(key);
  }

  private keep(): void {
    try {
      if (this.dirty) sessionStorage.setItem(key, JSON.stringify({ from: this.from, files: this.files } satisfies Kept));
      else sessionStorage.removeItem(key);
    } catch {
      // Too large to keep: then it doesn't outlive a reload.
    }
  }

  private kept(): Kept | null {
    try {
      return JSON.parse(sessionStorage.getItem(key) ?? "null") as Kept | null;
    } catch {
      return null;
    }
  }
}

// Flows first, then their tests, then what stands beside them.
function order(name: string): number {
  return name.startsWith("flows/") ? 0 : name.startsWith("tests/") ? 1 : 2;
}
