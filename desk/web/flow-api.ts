// What the page of flows asks of the server.

import { request } from "./api";
import type { CallState, Deed, Draft, Files, Insight, LiveFlows, Overlay, PlacedCall, Script, Trial } from "./flow-protocol";

export const flowAPI = {
  live: (): Promise<LiveFlows> => request("GET", "/api/flows"),
  draft: (files: Files, flow: string, overlay: Overlay): Promise<Draft> => request("POST", "/api/flows/draft", { files, flow, overlay }),
  try: (files: Files, flow: string, language: string, deeds: readonly Deed[]): Promise<Trial> =>
    request("POST", "/api/flows/try", { files, flow, language, deeds, member: invented }),
  /** A real call of a draft, from this browser. */
  call: (files: Files, flow: string, offer: string): Promise<PlacedCall> => request("POST", "/api/flows/calls", { files, flow, offer }),
  callState: (call: string): Promise<CallState> => request("GET", `/api/flows/calls/${encodeURIComponent(call)}`),
  endCall: (call: string): Promise<void> => request("DELETE", `/api/flows/calls/${encodeURIComponent(call)}`),
  async publish(files: Files, after: number, comment: string): Promise<Script> {
    return (await request<{ script: Script }>("POST", "/api/flows/publish", { files, after, comment })).script;
  },
  async rollBack(number: number, comment: string): Promise<Script> {
    return (await request<{ script: Script }>("POST", "/api/flows/rollback", { number, comment })).script;
  },
  async scripts(): Promise<Script[]> {
    return (await request<{ scripts: Script[] }>("GET", "/api/flows/scripts")).scripts;
  },
  script: (number: number): Promise<{ script: Script; files: Files }> => request("GET", `/api/flows/scripts/${number}`),
  insight: (): Promise<Insight> => request("GET", "/api/flows/insight"),
};

// Whom a trial's caller may claim to be. She doesn't exist.
const invented = { id: "48201937", born: "04121961", facts: { next_visit: "2027-01-14" } };
