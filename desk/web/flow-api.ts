// What the page of flows asks of the server.

import { request } from "./api";
import type { Deed, Draft, Files, Insight, LiveFlows, Overlay, Script, Trial } from "./flow-protocol";

export const flowAPI = {
  live: (): Promise<LiveFlows> => request("GET", "/api/flows"),
  draft: (files: Files, flow: string, overlay: Overlay): Promise<Draft> => request("POST", "/api/flows/draft", { files, flow, overlay }),
  try: (files: Files, flow: string, language: string, deeds: readonly Deed[]): Promise<Trial> =>
    request("POST", "/api/flows/try", { files, flow, language, deeds, member: invented }),
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
