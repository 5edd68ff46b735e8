// Time as the server has it, and the page's one ticker.

let offset = 0;

/** Learns how far the browser's clock is off from the server's. */
export function learn(serverNow: string): void {
  const server = Date.parse(serverNow);
  if (!Number.isNaN(server)) offset = server - Date.now();
}

export function now(): number {
  return Date.now() + offset;
}

/** Milliseconds since, never below zero; 0 for no time. */
export function since(time: string | undefined): number {
  return time ? Math.max(0, now() - Date.parse(time)) : 0;
}

/** Milliseconds until, never below zero; 0 for no time. */
export function until(time: string | undefined): number {
  return time ? Math.max(0, Date.parse(time) - now()) : 0;
}

/** "0:07", "12:40", "1:02:03". */
export function spell(milliseconds: number): string {
  const all = Math.floor(milliseconds / 1000);
  const seconds = String(all % 60).padStart(2, "0");
  const minutes = Math.floor(all / 60) % 60;
  const hours = Math.floor(all / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** "PT1M5S", for the datetime attribute. */
export function period(milliseconds: number): string {
  return `PT${Math.floor(milliseconds / 1000)}S`;
}

export function everyTick(tick: () => void): void {
  setInterval(tick, 250);
}
