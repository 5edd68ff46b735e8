// A call's recordings, for a supervisor: each can be heard once its listener has said
// what for, which goes on record before the first sound.

import { api } from "./api";
import { timeOf } from "./call-words";
import { now, spell } from "./clock";
import { find, make, show, write } from "./dom";
import { type Recording, Refused } from "./protocol";

interface Row {
  element: HTMLLIElement;
  what: HTMLElement;
  button: HTMLButtonElement;
  player: HTMLAudioElement;
}

export class Recordings {
  private readonly part = find("recordings-part");
  private readonly list = find("recordings");
  private readonly purpose = find<HTMLSelectElement>("recording-purpose");
  private readonly problem = find("recording-problem");
  private readonly rows = new Map<string, Row>();
  private call = "";

  render(call: string, list: readonly Recording[]): void {
    this.call = call;
    show(this.part, list.length > 0);
    for (const recording of list) this.fill(this.rows.get(recording.id) ?? this.add(recording), recording);
  }

  /** Nothing plays on, and nothing of the sound stays in the page. */
  clear(): void {
    for (const row of this.rows.values()) silence(row.player);
    this.rows.clear();
    this.list.replaceChildren();
    show(this.part, false);
    show(this.problem, false);
    this.call = "";
  }

  private add(recording: Recording): Row {
    const at = timeOf(recording.started, now());
    const row: Row = {
      element: make("li", { "data-testid": "recording", "data-recording": recording.id }),
      what: make("span", { class: "what", "data-testid": "recording-what" }),
      button: make("button", { type: "button", "data-testid": "play-recording", "aria-label": `Listen to the recording of ${at}` }, "Listen"),
      player: make("audio", { controls: "", controlslist: "nodownload", preload: "auto", "data-testid": "recording-player", "aria-label": `Recording of ${at}` }),
    };
    row.player.hidden = true;
    row.button.addEventListener("click", () => void this.open(recording.id, row));
    row.player.addEventListener("play", () => this.pauseOthers(row));
    // The server closes what rests too long: it is opened anew, and goes on record anew.
    row.player.addEventListener("error", () => {
      if (!row.player.hasAttribute("src")) return;
      this.shut(row);
      this.tell("The recording isn't open any more. Press Listen to open it again.");
    });
    row.element.append(row.what, row.button, row.player);
    this.rows.set(recording.id, row);
    this.list.append(row.element);
    return row;
  }

  private fill(row: Row, recording: Recording): void {
    write(row.what, whatOf(recording));
    const heard = recording.state === "whole" || recording.state === "cut";
    show(row.button, heard && row.player.hidden);
    if (!heard) this.shut(row, false);
  }

  private async open(id: string, row: Row): Promise<void> {
    const { call } = this;
    show(this.problem, false);
    if (this.purpose.value === "") {
      this.tell("Say first what you listen for.");
      this.purpose.focus();
      return;
    }
    row.button.disabled = true;
    try {
      await api.openRecording(call, id, this.purpose.value);
      if (call !== this.call || this.rows.get(id) !== row) return; // the page shows another call by now
      row.player.src = api.soundOf(call, id);
      show(row.player, true);
      show(row.button, false);
      row.player.focus();
      await row.player.play().catch(() => undefined); // a browser that wants another click has its own button
    } catch (problem) {
      this.tell(problem instanceof Refused ? problem.trouble.text : "The recording can't be opened just now.");
    } finally {
      row.button.disabled = false;
    }
  }

  private pauseOthers(playing: Row): void {
    for (const row of this.rows.values()) if (row !== playing) row.player.pause();
  }

  private shut(row: Row, again = true): void {
    silence(row.player);
    show(row.player, false);
    show(row.button, again);
  }

  private tell(text: string): void {
    write(this.problem, text);
    show(this.problem, true);
  }
}

function silence(player: HTMLAudioElement): void {
  if (!player.hasAttribute("src")) return;
  player.pause();
  player.removeAttribute("src");
  player.load();
}

const kinds: Record<string, string> = { call: "Call", message: "Message", statement: "Statement" };

/** "Call, 10:32:07, 4:12; left out 2 times". */
function whatOf(recording: Recording): string {
  const parts = [kinds[recording.kind] ?? recording.kind, timeOf(recording.started, now())];
  if (recording.seconds) parts.push(spell(recording.seconds * 1000));
  const notes: string[] = [];
  if (recording.state === "open") notes.push("being recorded, can be heard after the call");
  if (recording.state === "cut") notes.push("cut off, since the server or its disk failed");
  if (recording.state === "disposed") notes.push("disposed of");
  if (recording.pauses) notes.push(recording.pauses === 1 ? "left out once" : `left out ${recording.pauses} times`);
  if (recording.dropped) notes.push("parts are missing, since the server had too much to do");
  if (recording.held) notes.push("held beyond its time");
  return [parts.join(", "), ...notes].join("; ");
}
