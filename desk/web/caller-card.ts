// The caller's card: who, how sure, in what language, why, from where.

import { period, since, spell } from "./clock";
import { find, make, mark, show, write } from "./dom";
import type { CallScreen, Verification } from "./protocol";
import { language, words } from "./words";

interface Verdict {
  icon: string;
  text: string;
  advice: string;
}

const verdicts: Record<Verification, Verdict> = {
  verified: { icon: "#i-verified", text: "Verified", advice: "" },
  not_verified: {
    icon: "#i-unverified",
    text: "Not verified",
    advice: "The caller's details didn't match. Disclose nothing about a member until you have verified who is calling.",
  },
  locked_out: {
    icon: "#i-unverified",
    text: "Not verified – locked out",
    advice: "Too many failed attempts for this member or number. Disclose nothing; follow the lock-out procedure.",
  },
  none: {
    icon: "#i-unverified",
    text: "Not verified",
    advice: "The caller hasn't been asked. Disclose nothing about a member until you have verified who is calling.",
  },
};

const bases: Record<string, string> = {
  parent_of_minor: "parent of the member, a minor",
  guardian: "guardian of the member",
  health_care_proxy: "the member's health care proxy",
  power_of_attorney: "power of attorney for the member",
  written_authorization: "the member's written authorization",
  npi_and_tin: "provider, NPI and TIN checked",
};

/** Who a verified caller is to the member: "Verified: parent of the member, a minor, until May 1, 2032". */
function verdictText(call: CallScreen, verdict: Verdict): string {
  if (call.verification !== "verified" || !call.role || call.role === "self") return verdict.text;
  const text = `${verdict.text}: ${bases[call.basis ?? ""] ?? words(call.role)}`;
  if (!call.until) return text;
  return `${text}, until ${new Date(call.until).toLocaleDateString("en-US", { dateStyle: "medium" })}`;
}

/** What an agent must heed who speaks with somebody other than the member. */
function scopeAdvice(call: CallScreen): string {
  if (call.role === "provider") return "Not the member: a provider. Tell only what is needed for this member's treatment or payment.";
  if (call.role !== "representative") return "";
  const scope = call.scope ?? [];
  if (scope.includes("all")) return "Not the member, but someone who speaks for the member.";
  return `Not the member. May be told of: ${scope.map(words).join(", ")}. Nothing else.`;
}

const progress: Record<string, string> = {
  offered: "; the number is called once you accept",
  calling: "; the number is being called",
  answered: "; somebody has answered and is asked for a key",
};

/** "12 minutes ago": seconds would run under the eyes for nothing. */
function ago(time: string): string {
  const minutes = Math.floor(since(time) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} ${minutes === 1 ? "minute" : "minutes"} ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`;
}

export class CallerCard {
  private readonly card = find("call");
  private readonly path = find("call-path");
  private readonly wait = find("wait-time");
  private readonly callback = find("call-callback");
  private shown: CallScreen | undefined;
  private pathShown = "";

  render(call: CallScreen | undefined): void {
    this.shown = call;
    show(this.card, call !== undefined);
    if (!call) {
      this.forget();
      return;
    }
    this.verification(call);
    write(find("call-language"), language(call.language));
    mark(find("call-language"), "data-language", call.language);
    write(find("call-reason"), call.reason || "Not given");
    write(find("call-queue"), words(call.queue));
    mark(find("call-queue"), "data-queue", call.queue);
    write(find("call-line"), words(call.line));
    show(find("call-line-fact"), call.line !== "");
    write(find("call-state"), call.state ?? "");
    show(find("call-state-fact"), Boolean(call.state));
    this.steps(call.path);
    this.tick();
  }

  /** The waiting time runs until the call is answered. */
  tick(): void {
    const call = this.shown;
    if (!call) return;
    const waited =
      call.answered && call.arrived ? Date.parse(call.answered) - Date.parse(call.arrived) : since(call.arrived);
    write(this.wait, spell(waited));
    mark(this.wait, "datetime", period(waited));
    write(this.callback, call.callback_asked ? `asked for ${ago(call.callback_asked)}${progress[call.callback ?? ""] ?? ""}` : "");
    show(find("call-callback-fact"), Boolean(call.callback_asked));
  }

  private verification(call: CallScreen): void {
    const verdict = verdicts[call.verification] ?? verdicts.none;
    mark(find("verification"), "data-verification", call.verification);
    mark(find("verification-icon"), "href", verdict.icon);
    write(find("verification-text"), verdictText(call, verdict));
    const name = find("member-name");
    write(name, call.name ?? "");
    show(name, Boolean(call.name));
    let advice = call.verification === "verified" ? scopeAdvice(call) : verdict.advice;
    if (call.name_status === "pending") advice = "Fetching the name…";
    if (call.name_status === "audit_failed") {
      advice = "The name isn't shown: reading it could not be recorded. The call itself isn't affected.";
    }
    write(find("verification-advice"), advice);
    show(find("verification-advice"), advice !== "");
  }

  private steps(path: readonly string[]): void {
    const text = path.join("\n");
    if (text === this.pathShown) return;
    this.pathShown = text;
    this.path.replaceChildren(...path.map((step) => make("li", {}, words(step))));
    show(this.path.parentElement as HTMLElement, path.length > 0);
  }

  // Nothing of a member stays in the page when the call has gone.
  private forget(): void {
    for (const id of ["member-name", "call-language", "call-reason", "call-queue", "call-line", "call-state", "call-callback"]) write(find(id), "");
    this.steps([]);
  }
}
