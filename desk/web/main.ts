// The softphone: puts the modules together. All that is shown comes from the
// server's whole state; all that is done goes to the server as a command.

import { api } from "./api";
import { Backoff } from "./backoff";
import { Banners } from "./banners";
import { CallerCard } from "./caller-card";
import { everyTick, learn, until } from "./clock";
import { Controls } from "./controls";
import { find, show, write } from "./dom";
import { Keypad } from "./keypad";
import { Level } from "./level";
import { Media } from "./media";
import { closed, type Command, type Screen } from "./protocol";
import { Ringer } from "./ringer";
import { Shortcuts } from "./shortcuts";
import { SignIn } from "./sign-in";
import { Socket } from "./socket";
import { StateView } from "./state-view";
import { Status } from "./status";
import { WrapUp } from "./wrap-up";

const idleWarning = 60_000;
const noteEvery = 20_000;
const renewAfter = 4_000;

class Softphone {
  private screen: Screen | null = null;
  private running = false;
  private noted = 0;
  private unlinkedSince = 0;

  private readonly banners = new Banners(
    () => void this.media.start(),
    () => this.begin(),
    () => void this.soundOn(),
    () => this.socket.note(),
  );
  private readonly ringer = new Ringer((on) => this.banners.silenced(on && this.running));
  private readonly level = new Level();
  private readonly media = new Media(find<HTMLAudioElement>("remote"), {
    microphone: (state) => {
      this.banners.microphone(state);
      this.level.watch(this.media.source());
    },
    link: (state) => this.banners.link(state),
    silenced: () => this.banners.silenced(true),
  });
  private readonly socket = new Socket({
    state: (screen) => this.render(screen),
    connection: (up) => this.banners.connection(up),
    over: (code) => this.over(code),
    refused: () => this.gone(),
  });
  private readonly run = (command: Command): void => {
    this.socket.send(command).catch((problem: unknown) => {
      if (command.kind === "mute") this.media.mute(this.screen?.muted ?? false);
      this.banners.command(problem);
    });
  };
  private readonly stateView = new StateView();
  private readonly card = new CallerCard();
  private readonly controls = new Controls(this.run, (on) => this.media.mute(on));
  private readonly keypad = new Keypad(this.run, (low, high) => void this.ringer.key(low, high));
  private readonly wrapUp = new WrapUp(this.run);
  private readonly status = new Status(this.run);
  private readonly signIn = new SignIn(() => {
    void this.ringer.wake();
    this.begin();
  });

  constructor() {
    new Shortcuts(
      [
        { key: "A", does: "Accept the call", run: () => this.controls.accept() },
        { key: "D", shift: true, does: "Decline the call", run: () => this.controls.decline() },
        { key: "M", does: "Mute or unmute", run: () => this.controls.toggleMute() },
        { key: "H", does: "Hold or take back", run: () => this.controls.toggleHold() },
        { key: "K", does: "Keypad", run: () => this.keypad.toggle() },
        { key: "E", shift: true, does: "Hang up", run: () => this.controls.hangUp() },
        { key: "F", does: "Finish the wrap-up", run: () => this.wrapUp.finish() },
        { key: "X", does: "More wrap-up time", run: () => this.wrapUp.extend() },
        { key: "V", does: "Go available", run: () => this.status.goAvailable() },
        { key: "W", does: "Go away: choose why", run: () => this.status.toggle() },
      ],
      () => this.running && this.screen !== null,
    );
    find("sign-out").addEventListener("click", () => void this.signOut());
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.noteActivity(), { passive: true });
    this.desktopNotices();
    everyTick(() => this.tick());
  }

  /** On load: goes on if the cookie is good, else asks to sign in. */
  async load(): Promise<void> {
    const backoff = new Backoff();
    for (;;) {
      try {
        const me = await api.me();
        this.banners.connection(true);
        if (me) this.begin();
        else this.signIn.open();
        return;
      } catch {
        this.banners.connection(false);
        await new Promise((done) => setTimeout(done, backoff.next()));
      }
    }
  }

  private begin(): void {
    this.running = true;
    this.banners.clear();
    this.signIn.close();
    this.signedIn(true);
    this.socket.start();
    void this.media.start();
    void this.ringer.wake();
  }

  private end(note: string): void {
    this.running = false;
    this.screen = null;
    this.socket.stop();
    this.media.stop();
    this.level.watch(null);
    this.ringer.stop();
    this.card.render(undefined);
    this.banners.clear();
    this.signedIn(false);
    this.signIn.open(note);
  }

  private signedIn(on: boolean): void {
    show(find("who"), on);
    show(find("health"), on);
    show(find("sign-out"), on);
    if (!on) show(find("desk-view"), false);
  }

  private render(screen: Screen): void {
    learn(screen.now);
    this.screen = screen;
    show(find("desk-view"), true);
    write(find("agent-name"), screen.name || screen.user);
    this.banners.draining(screen.draining);
    this.media.mute(screen.muted);
    this.card.render(screen.call);
    this.stateView.render(screen);
    this.controls.render(screen);
    this.keypad.render(screen);
    this.wrapUp.render(screen);
    this.status.render(screen);
    if (screen.state === "offered") this.ringer.start();
    else this.ringer.stop();
    this.tick();
  }

  private tick(): void {
    if (!this.screen) return;
    this.stateView.tick();
    this.card.tick();
    this.wrapUp.tick();
    const end = this.screen.sign_out_at;
    this.banners.idle(Boolean(end) && until(end) < idleWarning);
    this.checkSound(this.screen);
  }

  // We think that the sound path stands, the server says it has none: it was
  // restarted, and wants a new offer.
  private checkSound(screen: Screen): void {
    if (screen.media_connected || !this.media.connected()) {
      this.unlinkedSince = 0;
      return;
    }
    this.unlinkedSince ||= Date.now();
    if (Date.now() - this.unlinkedSince < renewAfter) return;
    this.unlinkedSince = 0;
    this.media.renew();
  }

  private over(code: number): void {
    if (code === closed.displaced) {
      this.screen = null;
      this.running = false;
      this.media.stop();
      this.level.watch(null);
      this.ringer.stop();
      this.card.render(undefined);
      show(find("desk-view"), false);
      this.banners.clear();
      this.banners.displaced(true);
      return;
    }
    if (code === closed.idle) this.end("You were signed out because nobody touched the page for a while.");
    else if (code === closed.noAgent) this.end("You aren't set up as an agent any more. Ask your administrator.");
    else this.end("You were signed out.");
  }

  private async gone(): Promise<boolean> {
    try {
      if (await api.me()) return false;
    } catch {
      return false; // not reachable: go on trying
    }
    this.end("Your session has ended. Sign in again to go on.");
    return true;
  }

  private async signOut(): Promise<void> {
    try {
      await api.signOut();
      this.end("");
    } catch (problem) {
      this.banners.command(problem);
    }
  }

  private noteActivity(): void {
    if (!this.running || Date.now() - this.noted < noteEvery) return;
    this.noted = Date.now();
    this.socket.note();
  }

  private async soundOn(): Promise<void> {
    await find<HTMLAudioElement>("remote").play().catch(() => undefined);
    await this.ringer.wake();
  }

  private desktopNotices(): void {
    if (!("Notification" in window)) return;
    const panel = find("notify-panel");
    show(panel, Notification.permission === "default");
    find("notify").addEventListener("click", () => {
      void Notification.requestPermission().then(() => show(panel, Notification.permission === "default"));
    });
  }
}

void new Softphone().load();
