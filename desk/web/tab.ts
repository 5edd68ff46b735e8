// The tab: its title and icon tell the state from among other tabs, and a call
// that rings blinks there. Neither ever says who calls.

import { find } from "./dom";
import type { AgentState, Screen } from "./protocol";

const name = "Careline";
const blink = 800;

interface Look {
  title: string;
  colour: string;
}

const looks: Record<AgentState, Look> = {
  signed_out: { title: "", colour: "#0b6b6b" },
  available: { title: "Available", colour: "#1a8f4e" },
  offered: { title: "☎ Incoming call", colour: "#1d6fe0" },
  connecting: { title: "Connecting…", colour: "#1d6fe0" },
  talking: { title: "Talking", colour: "#0b6b6b" },
  holding: { title: "On hold", colour: "#d65a00" },
  wrap_up: { title: "Wrap-up", colour: "#7a45c4" },
  away: { title: "Away", colour: "#b98500" },
};
const lost: Look = { title: "⚠ Connection lost", colour: "#8a8f94" };
const missed: Look = { title: "⚠ Missed call", colour: "#c62828" };
const muted: Look = { title: "Talking – muted", colour: "#c62828" };
const leaving: Look = { title: "⚠ Still there?", colour: "#c62828" };
const calm: Look = { title: name, colour: "#ffffff" };

export class Tab {
  private readonly icon = find<HTMLLinkElement>("icon");
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");
  private look: Look = looks.signed_out;
  private blinking = false;
  private shown = "";

  render(screen: Screen | null, up: boolean, soonOut: boolean): void {
    this.blinking = screen?.state === "offered" && up;
    if (!screen) this.look = looks.signed_out;
    else if (!up) this.look = lost;
    else if (soonOut) this.look = leaving;
    else if (screen.state === "away" && screen.reason === "no_answer") this.look = missed;
    else if (screen.state === "talking" && screen.muted) this.look = muted;
    else this.look = looks[screen.state];
    this.tick();
  }

  tick(): void {
    const off = this.blinking && !this.still.matches && Math.floor(Date.now() / blink) % 2 === 1;
    const look = off ? calm : this.look;
    const title = look.title && look !== calm ? `${look.title} – ${name}` : name;
    if (title === this.shown) return;
    this.shown = document.title = title;
    this.icon.href = off || look === looks.signed_out ? "icon.svg" : disc(look.colour);
  }
}

function disc(colour: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${colour}"/><path fill="#fff" d="M16 7a7 7 0 0 0-7 7v6a2 2 0 0 0 2 2h1.500v-6.500h-1.500v-1.500a5 5 0 0 1 10 0v1.500h-1.500v6.500h1.500a2 2 0 0 0 2-2v-6a7 7 0 0 0-7-7z"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
