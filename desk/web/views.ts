// Which part of the page is shown: the softphone; for supervisors the calls, or one of
// them; for supervisors and admins the flows; for who hears messages those. It stands behind the # of the address, so that a reload and the
// browser's Back keep it.

import { find, mark, show, write } from "./dom";
import type { AgentState, Screen } from "./protocol";

export type View = { kind: "softphone" } | { kind: "calls" } | { kind: "flows" } | { kind: "messages" } | { kind: "call"; id: string };

const callPrefix = "#call/";
// While one of these is on, the softphone's tab says so: it may not be in sight.
const telling: Partial<Record<AgentState, string>> = {
  offered: "Incoming call",
  connecting: "Talking",
  talking: "Talking",
  holding: "On hold",
  wrap_up: "Wrap-up",
};

export class Views {
  private view: View | null = null;
  private role: Screen["role"] | "" = "";
  private state = "";
  private hears = false;

  constructor(private readonly changed: () => void) {
    addEventListener("hashchange", () => this.follow());
  }

  /** What is shown now; the softphone is for everybody. */
  get now(): View {
    return this.view && mayLook(this.role, this.view) ? this.view : { kind: "softphone" };
  }

  render(screen: Screen): void {
    const { role } = screen;
    if (role !== this.role) {
      const first: View = { kind: role === "agent" ? "softphone" : role === "admin" ? "flows" : "calls" };
      this.view = viewOf(location.hash) ?? (screen.call ? { kind: "softphone" } : first);
    }
    this.role = role;
    // A call that comes in is in view, wherever its agent was.
    if (screen.state === "offered" && this.state !== "offered" && this.now.kind !== "softphone") this.go({ kind: "softphone" });
    this.state = screen.state;
    show(find("views"), role !== "agent" || this.hears);
    show(find("view-calls"), role === "supervisor");
    show(find("view-flows"), role !== "agent");
    const tells = this.now.kind === "softphone" ? "" : (telling[screen.state] ?? "");
    write(find("view-softphone-state"), tells && `: ${tells}`);
    this.mark();
  }

  /** Whether the user hears messages, as the server says. */
  hearing(on: boolean): void {
    if (on === this.hears) return;
    this.hears = on;
    this.changed();
  }

  /** Signed out: the next user may be another. */
  leave(): void {
    this.role = "";
    this.view = null;
    this.state = "";
    show(find("views"), false);
  }

  go(view: View): void {
    const hash = hashOf(view);
    if (location.hash === hash) this.follow();
    else location.hash = hash;
    this.view = view;
  }

  private follow(): void {
    const view = viewOf(location.hash);
    if (!view) return; // a place within the page
    this.view = view;
    this.mark();
    this.changed();
    find("main").focus();
    scrollTo(0, 0);
  }

  private mark(): void {
    const kind = this.now.kind;
    mark(find("view-softphone"), "aria-current", kind === "softphone" ? "page" : "false");
    mark(find("view-messages"), "aria-current", kind === "messages" ? "page" : "false");
    mark(find("view-flows"), "aria-current", kind === "flows" ? "page" : "false");
    mark(find("view-calls"), "aria-current", kind === "calls" ? "page" : kind === "call" ? "true" : "false");
  }
}

function hashOf(view: View): string {
  return view.kind === "call" ? callPrefix + view.id : `#${view.kind}`;
}

function viewOf(hash: string): View | null {
  if (hash === "#softphone") return { kind: "softphone" };
  if (hash === "#calls") return { kind: "calls" };
  if (hash === "#messages") return { kind: "messages" };
  if (hash === "#flows") return { kind: "flows" };
  if (hash.startsWith(callPrefix)) return { kind: "call", id: hash.slice(callPrefix.length) };
  return null;
}

// What a role may look at; the server says so itself (desk/role.go).
function mayLook(role: Screen["role"] | "", view: View): boolean {
  if (view.kind === "softphone") return true;
  if (view.kind === "messages") return role === "agent" || role === "supervisor";
  if (view.kind === "flows") return role === "supervisor" || role === "admin";
  return role === "supervisor";
}
