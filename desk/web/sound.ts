// How the talk sounds: a word, a colour and bars; the figures on hover.

import { find, mark, show } from "./dom";
import type { Screen, SoundScreen, SoundWay } from "./protocol";

const grades = { good: "Good", fair: "Fair", bad: "Bad" } as const;

/** Who isn't heard, in the words that the state's line and the sign share; empty if all are. */
export function unheard(sound: SoundScreen | undefined): string {
  if (!sound) return "";
  if (sound.not_heard && sound.not_hearing) return "You may not hear each other";
  if (sound.not_heard) return "They may not hear you";
  return sound.not_hearing ? "You may not hear them" : "";
}

export class Sound {
  private readonly fact = find("call-sound-fact");
  private readonly sign = find("call-sound");
  private readonly word = find("call-sound-text");

  render(screen: Screen): void {
    const sound = screen.state === "talking" ? screen.call?.sound : undefined;
    const trouble = unheard(sound);
    mark(find("state"), "data-unheard", String(trouble !== ""));
    show(this.fact, sound !== undefined);
    if (!sound) return;
    mark(this.sign, "data-grade", trouble !== "" ? "bad" : (sound.grade ?? ""));
    const figures = `You hear the caller: ${told(sound.hears)}. The caller hears you: ${told(sound.heard)}.`;
    mark(this.sign, "title", figures);
    mark(this.sign, "aria-label", `${wording(sound, trouble)}. ${figures}`);
    if (this.word.textContent !== wording(sound, trouble)) this.word.textContent = wording(sound, trouble);
  }
}

function wording(sound: SoundScreen, trouble: string): string {
  if (trouble !== "") return trouble;
  return sound.grade ? grades[sound.grade] : "Measuring…";
}

function told(way: SoundWay): string {
  return `${way.loss} % lost, about ${way.delay_ms} ms late`;
}
