// Somebody whom the agent has called beside the caller: asked alone at first, then
// brought together with the caller, or handed the caller over to.

import { find, mark, show, write } from "./dom";
import type { CallScreen, Command, Screen } from "./protocol";
import { failures } from "./transfer";

type Third = NonNullable<CallScreen["third"]>;

const texts: Record<Third, string> = {
  calling: "Calling them. The caller hears music.",
  ringing: "It is ringing there. The caller hears music.",
  answered: "You speak with them alone. The caller hears music; Resume takes you back to the caller.",
  together: "You, the caller and they hear each other.",
};

const aside = "You speak with the caller; they hear music. Hold takes you back to them.";

// What the agent's page says of a supervisor in the call, by how.
const doings: Record<string, string> = {
  listen: "listens",
  whisper: "speaks to you; the caller can't hear it",
  barge_in: "is in the call; the caller hears it",
};

export class ThirdPanel {
  private readonly panel = find("third");
  private readonly together = find<HTMLButtonElement>("third-together");
  private readonly others = [find("third-leave"), find("third-drop")];
  private had = false;

  constructor(run: (command: Command) => void) {
    this.together.addEventListener("click", () => run({ kind: "bring_together" }));
    this.others[0]?.addEventListener("click", () => run({ kind: "leave" }));
    this.others[1]?.addEventListener("click", () => run({ kind: "drop_third" }));
  }

  render(screen: Screen): void {
    const talks = screen.state === "talking" || screen.state === "holding";
    const third = talks ? screen.call?.third : undefined;
    const failed = (talks && this.had && !third && screen.call?.transfer_failed) || "";
    this.had = third !== undefined || failed !== "";
    show(this.panel, this.had);
    mark(this.panel, "data-third", third ?? "");
    if (third) write(find("third-text"), third === "answered" && screen.state === "talking" ? aside : texts[third]);
    else write(find("third-text"), failed && `${failures[failed] ?? "They couldn't be reached."} The caller is back with you.`);
    show(this.together, third === "answered");
    for (const button of this.others) show(button, third !== undefined);
    const supervisors = (talks && screen.call?.supervisors) || [];
    write(find("supervised"), supervisors.map((one) => `${one.name} ${doings[one.mode] ?? ""}.`).join(" "));
    show(find("supervised"), supervisors.length > 0);
  }
}
