// What callers do in the flows: how many are in them, how they left, and where they give
// up.

import { find, make, write } from "./dom";
import type { Insight } from "./flow-protocol";

const shown = 30;

export function renderInsight(insight: Insight): void {
  const ended = insight.ended;
  const facts: [string, string][] = [
    ["In the flows now", String(insight.live)],
    ["Calls since the start", String(insight.begun)],
    ["Served by the flows", `${Math.round(insight.containment * 100)} %`],
    ["Taken by a person", String(ended.taken ?? 0)],
    ["Hung up", String(ended.hung_up ?? 0)],
    ["Broke off", String(ended.broken ?? 0)],
  ];
  find("insight-facts").replaceChildren(...facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  const rows = insight.steps.slice(0, shown).map((step) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, `${step.flow}: ${step.step}`),
      make("td", {}, String(step.live)),
      make("td", {}, String(step.entered)),
      make("td", {}, String(step.hung_up)),
      make("td", {}, step.median_seconds > 0 ? `${step.median_seconds.toFixed(1)} s` : "–"),
    ),
  );
  find("insight-steps").replaceChildren(...rows);
  write(find("insight-none"), rows.length === 0 ? "No call has come yet." : "");
}
