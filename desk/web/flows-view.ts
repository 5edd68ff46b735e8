// The page of flows: the text with its mistakes in place, the drawing beside it, a trial,
// what was live when, and what callers do there. Supervisors look; admins change.

import { flowAPI } from "./flow-api";
import { timeOf } from "./call-words";
import { now } from "./clock";
import { find, make, mark, show, write } from "./dom";
import { FlowCall } from "./flow-call";
import { FlowDraft } from "./flow-draft";
import { FlowEditor, countOf } from "./flow-editor";
import { FlowGraph } from "./flow-graph";
import { renderInsight } from "./flow-insight";
import type { Draft, Flow, LiveFlows, Overlay, Problem, Script } from "./flow-protocol";
import { FlowTrial, languageOption } from "./flow-trial";
import { FlowVersions } from "./flow-versions";
import { Poll } from "./poll";
import { Refused } from "./protocol";

const restBeforeReading = 350;
const readAgain = 5_000;
const fileName = /^(flows|tests)\/[a-z0-9][a-z0-9_-]{0,60}\.yaml$/;
const panels = ["drawing", "trial", "versions", "insight"] as const;
type Panel = (typeof panels)[number];

export class FlowsView {
  private readonly draft = new FlowDraft();
  private live: LiveFlows | null = null;
  private read: Draft | null = null;
  private file = "";
  private flow = "";
  private panel: Panel = "drawing";
  private shown = false;
  private timer = 0;
  private reading = 0;

  private readonly editor = new FlowEditor(
    find<HTMLTextAreaElement>("flow-text"),
    find("flow-gutter"),
    (text) => this.edited(text),
    (line) => this.at(line),
  );
  private readonly graph = new FlowGraph(find("flow-graph"), (step) => this.toStep(step));
  private readonly trial = new FlowTrial(
    (deeds) => flowAPI.try(this.draft.files, this.flow, find<HTMLSelectElement>("trial-language").value, deeds),
    (flow, step) => {
      if (flow === this.flow && !this.call.up) this.graph.mark(step, false); // a real call is where it is marked
    },
  );
  private readonly call = new FlowCall(
    (offer) => flowAPI.call(this.draft.files, this.flow, offer),
    (flow, step) => {
      if (flow === this.flow) this.graph.mark(step, false);
    },
  );
  private readonly versions = new FlowVersions(
    (script) => void this.compare(script),
    (script) => void this.back(script),
  );
  private readonly insight = new Poll(
    () => flowAPI.insight(),
    (insight) => {
      renderInsight(insight);
      return true;
    },
    () => undefined,
  );
  private readonly choice = find<HTMLSelectElement>("flow-choice");
  private readonly overlay = find<HTMLSelectElement>("flow-overlay");

  constructor() {
    this.choice.addEventListener("change", () => this.choose(this.choice.value));
    this.overlay.addEventListener("change", () => void this.check());
    for (const panel of panels) find(`flow-tab-${panel}`).addEventListener("click", () => this.open(panel));
    find<HTMLFormElement>("flow-publish").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.publish();
    });
    find("flow-discard").addEventListener("click", () => void this.discard());
    find("flow-rebase").addEventListener("click", () => void this.rebase());
    find<HTMLFormElement>("flow-new").addEventListener("submit", (event) => {
      event.preventDefault();
      this.add();
    });
    find("flow-remove").addEventListener("click", () => this.remove());
    addEventListener("beforeunload", (event) => {
      if (this.shown && this.draft.dirty) event.preventDefault();
    });
  }

  show(on: boolean): void {
    show(find("flows-view"), on);
    if (on === this.shown) return;
    this.shown = on;
    if (on) void this.load();
    else this.rest();
  }

  /** Signed out: nothing of it stays in the page. */
  clear(): void {
    this.show(false);
    this.draft.clear();
    this.live = this.read = null;
    this.file = this.flow = "";
    this.editor.open("nothing", "", false);
    this.trial.clear();
    this.call.hangUp();
    this.versions.clear();
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.insight.stop();
  }

  private async load(): Promise<void> {
    try {
      this.live = await flowAPI.live();
    } catch (problem) {
      this.trouble(problem);
      return;
    }
    this.trouble(null);
    this.draft.open(this.live);
    show(find("flow-change"), this.live.may_edit);
    show(find("flow-new"), this.live.may_edit);
    show(find("trial-by-call"), this.live.may_edit);
    show(find("flow-look"), !this.live.may_edit);
    this.select(this.draft.names.includes(this.file) ? this.file : (this.draft.names[0] ?? ""));
    this.status();
    await this.check();
    this.open(this.panel);
  }

  private select(file: string): void {
    this.file = file;
    this.editor.open(file || "nothing", this.draft.files[file] ?? "", this.live?.may_edit === true && file !== "");
    this.files();
    this.marks();
    const own = this.read?.flows.find((flow) => flow.file === file);
    if (own && own.flow !== this.flow) this.choose(own.flow);
  }

  private files(): void {
    const faults = (name: string): number => (this.read?.problems ?? []).filter((one) => one.file === name).length;
    const items = this.draft.names.map((name) => {
      const wrong = faults(name);
      const button = make("button", { type: "button", class: "file", "data-file": name, "aria-pressed": String(name === this.file) }, name);
      if (this.draft.changed(name)) button.append(make("span", { class: "changed" }, "changed"));
      if (wrong > 0) button.append(make("span", { class: "wrong" }, String(wrong), make("span", { class: "sr" }, wrong === 1 ? " mistake" : " mistakes")));
      button.addEventListener("click", () => this.select(name));
      return make("li", {}, button);
    });
    find("flow-files").replaceChildren(...items);
    show(find("flow-remove"), this.live?.may_edit === true && this.file !== "");
  }

  private edited(text: string): void {
    this.draft.edit(this.file, text);
    this.status();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.check(), restBeforeReading);
  }

  // Has the server read the draft, draw it and play its tests.
  private async check(): Promise<void> {
    clearTimeout(this.timer);
    const reading = ++this.reading;
    try {
      const read = await flowAPI.draft(this.draft.files, this.flow, this.overlay.value as Overlay);
      if (reading !== this.reading) return;
      this.read = read;
      if (!read.flows.some((flow) => flow.flow === this.flow) && read.flows[0]) {
        this.choose(read.flows.find((flow) => flow.file === this.file)?.flow ?? read.flows[0].flow);
        return;
      }
      this.trouble(null);
      this.render(read);
    } catch (problem) {
      if (reading !== this.reading) return;
      this.trouble(problem);
    }
    if (this.shown && this.overlay.value !== "") this.timer = window.setTimeout(() => void this.check(), readAgain);
  }

  private render(read: Draft): void {
    countOf(find("flow-verdict"), read.problems.length, read.warnings.length, read.tests);
    this.problems([...read.problems.map((one) => ({ ...one, kind: "mistake" })), ...read.warnings.map((one) => ({ ...one, kind: "warning" }))]);
    if (read.graph) this.graph.render(this.flow, read.graph);
    mark(find("flow-graph"), "data-stale", String(!read.graph && read.flows.length === 0));
    this.choices(read.flows);
    this.files();
    this.marks();
    find<HTMLButtonElement>("flow-publish-now").disabled = read.problems.length > 0 || !this.draft.dirty;
    if (this.panel === "trial" && read.problems.length === 0) this.trial.again();
  }

  private problems(list: readonly (Problem & { kind: string })[]): void {
    const rows = list.map((one) => {
      const where = one.line ? `${one.file}, line ${one.line}` : one.file;
      const row = make("button", { type: "button", class: one.kind, "data-testid": "flow-problem" }, make("b", {}, where), ` ${one.message}`);
      if (one.hint) row.append(make("span", { class: "advice" }, one.hint));
      row.addEventListener("click", () => {
        if (this.draft.files[one.file] !== undefined && one.file !== this.file) this.select(one.file);
        if (one.file === this.file) this.editor.go(one.line || 1, one.column || 1);
      });
      return make("li", {}, row);
    });
    find("flow-problems").replaceChildren(...rows);
    show(find("flow-problems-part"), rows.length > 0);
  }

  private marks(): void {
    const here = (list: readonly Problem[] | undefined): Problem[] => (list ?? []).filter((one) => one.file === this.file);
    this.editor.tell(here(this.read?.problems), here(this.read?.warnings));
  }

  private choices(flows: readonly Flow[]): void {
    if (flows.length === 0) return; // mistakes: those of before stay
    const wanted = flows.map((flow) => flow.flow).join();
    if (this.choice.dataset["flows"] !== wanted) {
      this.choice.replaceChildren(...flows.map((flow) => make("option", { value: flow.flow }, flow.line ? `${flow.label} (${flow.line})` : flow.label)));
      this.choice.dataset["flows"] = wanted;
    }
    this.choice.value = this.flow;
    const tongues = find<HTMLSelectElement>("trial-language");
    const spoken = flows.find((flow) => flow.flow === this.flow)?.languages ?? [];
    if (tongues.dataset["languages"] !== spoken.join()) {
      tongues.replaceChildren(...spoken.map(languageOption));
      tongues.dataset["languages"] = spoken.join();
    }
  }

  private choose(flow: string): void {
    this.flow = flow;
    void this.check().then(() => {
      if (this.panel === "trial") this.trial.begin();
    });
  }

  // The step whose text the cursor is in.
  private at(line: number): void {
    const own = this.read?.flows.find((flow) => flow.file === this.file);
    const step = own?.steps.filter((one) => one.line <= line).at(-1);
    if (own && step && own.flow === this.flow) this.graph.mark(step.step);
  }

  private toStep(name: string): void {
    const step = this.read?.flows.find((flow) => flow.flow === this.flow)?.steps.find((one) => one.step === name);
    if (!step) return;
    if (step.file !== this.file) this.select(step.file);
    this.editor.go(step.line);
  }

  private open(panel: Panel): void {
    this.panel = panel;
    for (const one of panels) {
      mark(find(`flow-tab-${one}`), "aria-pressed", String(one === panel));
      show(find(`flow-panel-${one}`), one === panel);
    }
    this.insight.stop();
    if (panel === "trial") this.trial.begin();
    if (panel === "versions") void this.listVersions();
    if (panel === "insight") this.insight.start();
  }

  private async listVersions(): Promise<void> {
    try {
      this.versions.render(await flowAPI.scripts(), this.live?.may_edit === true);
    } catch (problem) {
      this.trouble(problem);
    }
  }

  private async compare(script: Script): Promise<void> {
    try {
      const { files } = await flowAPI.script(script.number);
      this.versions.differ(script, files, this.draft.files);
    } catch (problem) {
      this.trouble(problem);
    }
  }

  private async back(script: Script): Promise<void> {
    const comment = find<HTMLInputElement>("flow-comment");
    try {
      await flowAPI.rollBack(script.number, comment.value);
      comment.value = "";
      await this.renew(`Script ${script.number} is live again.`);
    } catch (problem) {
      this.trouble(problem);
    }
  }

  private async publish(): Promise<void> {
    const comment = find<HTMLInputElement>("flow-comment");
    try {
      const script = await flowAPI.publish(this.draft.files, this.draft.from, comment.value);
      comment.value = "";
      await this.renew(`Script ${script.number} is live: calls that come now begin with it.`);
    } catch (problem) {
      this.trouble(problem);
      show(find("flow-rebase"), problem instanceof Refused && problem.trouble.code === "conflict");
    }
  }

  // Something else is live now, and it is the draft.
  private async renew(told: string): Promise<void> {
    this.live = await flowAPI.live();
    this.draft.take(this.live);
    this.select(this.draft.names.includes(this.file) ? this.file : (this.draft.names[0] ?? ""));
    await this.check();
    if (this.panel === "versions") await this.listVersions();
    this.status();
    write(find("flow-told"), told);
  }

  private async discard(): Promise<void> {
    try {
      await this.renew("Your draft is gone; this is what is live.");
    } catch (problem) {
      this.trouble(problem);
    }
  }

  // Somebody published meanwhile: the draft's text stays, and what differs is shown.
  private async rebase(): Promise<void> {
    try {
      this.live = await flowAPI.live();
    } catch (problem) {
      this.trouble(problem);
      return;
    }
    this.draft.rebase(this.live);
    this.trouble(null);
    this.status();
    this.open("versions");
    this.versions.differ(this.live.live, this.live.files, this.draft.files);
  }

  private add(): void {
    const box = find<HTMLInputElement>("flow-new-name");
    const name = box.value.trim();
    const wrong = !fileName.test(name) || this.draft.files[name] !== undefined;
    mark(box, "aria-invalid", String(wrong));
    if (wrong) {
      write(find("flow-told"), "A file is called as flows/name.yaml or tests/name.yaml, and not as another one.");
      return;
    }
    box.value = "";
    this.draft.edit(name, "");
    this.select(name);
    void this.check();
  }

  private remove(): void {
    this.draft.remove(this.file);
    this.select(this.draft.names[0] ?? "");
    this.status();
    void this.check();
  }

  private status(): void {
    if (!this.live) return;
    const { live, pending, broken } = this.live;
    const why = broken ? "The folder's flows had mistakes when the server started, so it runs what was live before." : "The folder was changed and isn't live.";
    const said = live.comment ? `: ${live.comment}` : "";
    write(find("flow-live"), `Script ${live.number} is live, by ${live.author}, ${timeOf(live.time, now())}${said}`);
    write(find("flow-pending"), pending ? `${why} ${pending}` : "");
    show(find("flow-pending"), pending !== undefined);
    write(find("flow-told"), "");
    show(find("flow-discard"), this.draft.dirty);
    show(find("flow-rebase"), false);
    find<HTMLButtonElement>("flow-publish-now").disabled = !this.draft.dirty || (this.read?.problems.length ?? 1) > 0;
  }

  private trouble(problem: unknown): void {
    const text = problem === null ? "" : problem instanceof Refused ? problem.trouble.text : "The server can't be reached. It will be tried again.";
    write(find("flow-trouble"), text);
    show(find("flow-trouble"), text !== "");
  }
}
