// The HTTP side: who am I, sign in, sign out, offer media, look at calls.

import { type CallbackRow, type CallList, type Colleague, type Message, type MessageList, type OneCall, type OpenMessages, type Recording, Refused, type Trouble } from "./protocol";
import { words } from "./words";

export interface Identity {
  user: string;
  agent: string;
}

export interface Welcome {
  demo?: { users: string[]; password?: string };
  draining: boolean;
}

const unreachable: Trouble = {
  code: "unreachable",
  text: "The server can't be reached. Check the network; it will be tried again.",
};
const requestTime = 12_000;

export async function request<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin", signal: AbortSignal.timeout(requestTime) };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refused(unreachable);
  }
  if (response.status === 204) return undefined as T;
  let answer: unknown;
  try {
    answer = await response.json();
  } catch {
    throw new Refused(unreachable, response.status);
  }
  if (!response.ok) {
    const { error } = answer as { error?: Trouble };
    throw new Refused(error ?? unreachable, response.status);
  }
  return answer as T;
}

export const api = {
  welcome: (): Promise<Welcome> => request("GET", "/api/welcome"),
  signIn: (user: string, password: string): Promise<Identity> => request("POST", "/api/sign-in", { user, password }),
  signOut: (): Promise<void> => request("POST", "/api/sign-out"),
  /** null: the cookie isn't valid (any more). */
  async me(): Promise<Identity | null> {
    try {
      return await request<Identity>("GET", "/api/me");
    } catch (problem) {
      if (problem instanceof Refused && problem.status === 401) return null;
      throw problem;
    }
  },
  /** Whom a caller can be handed to. */
  async colleagues(): Promise<Colleague[]> {
    const { colleagues, queues } = await request<{ colleagues: Colleague[]; queues: string[] }>("GET", "/api/colleagues");
    return [...colleagues, ...queues.map((queue) => ({ user: queue, name: words(queue), queue: true }))];
  },
  /** For supervisors: the calls that are up, and the latest that are over. */
  calls: (): Promise<CallList> => request("GET", "/api/calls"),
  call: (id: string): Promise<OneCall> => request("GET", `/api/calls/${encodeURIComponent(id)}`),
  /** For supervisors: who is to be called back. */
  callbacks: (): Promise<{ now: string; open: CallbackRow[] }> => request("GET", "/api/callbacks"),
  cancelCallback: (id: string, why: string): Promise<void> => request("POST", `/api/callbacks/${encodeURIComponent(id)}/cancel`, { why }),
  /** From then on this session may hear the recording; that it does, and what for, is on record. */
  openRecording: (call: string, id: string, purpose: string): Promise<Recording> => request("POST", api.soundOf(call, id), { purpose }),
  /** Where a recording's sound is, once it is open. */
  soundOf: (call: string, id: string): string => `/api/calls/${encodeURIComponent(call)}/recordings/${encodeURIComponent(id)}`,
  /** Messages of the boxes that the user hears, and how many are to be answered. */
  messages: (): Promise<MessageList> => request("GET", "/api/messages"),
  openMessages: (): Promise<OpenMessages> => request("GET", "/api/messages/open"),
  /** From then on this session may hear the message; that it does is on record. */
  openMessage: (id: string): Promise<Message> => request("POST", api.messageSound(id), {}),
  messageSound: (id: string): string => `/api/messages/${encodeURIComponent(id)}/sound`,
  /** The number to call back on; the reading is on record. */
  async messageNumber(id: string): Promise<string> {
    return (await request<{ number: string }>("POST", `/api/messages/${encodeURIComponent(id)}/number`, {})).number;
  },
  answerMessage: (id: string, outcome: string): Promise<Message> => request("POST", `/api/messages/${encodeURIComponent(id)}/answer`, { outcome }),
  /** What the next peer connection may use; the credentials are of limited life. */
  async relays(): Promise<RTCIceServer[]> {
    return (await request<{ servers: RTCIceServer[] }>("GET", "/api/relays")).servers;
  },
  async media(sdp: string): Promise<string> {
    return (await request<{ sdp: string }>("POST", "/api/media", { sdp })).sdp;
  },
};
