// The softphone: puts the modules together. All that is shown comes from the
// server's whole state; all that is done goes to the server as a command.

import { api } from "./api";
import { Backoff } from "./backoff";
import { Banners } from "./banners";
import { CallView } from "./call-view";
import { CallerCard } from "./caller-card";
import { CallsView } from "./calls-view";
import { everyTick, learn, spell, until } from "./clock";
import { Controls } from "./controls";
import { find, mark, show, write } from "./dom";
import { FlowsView } from "./flows-view";
import { Ears } from "./ears";
import { Keypad } from "./keypad";
import { Level } from "./level";
import { Media } from "./media";
import { MessagesView } from "./messages-view";
import { Mute } from "./mute";
import { Phone } from "./phone";
import { closed, type Command, onPhone, type Screen } from "./protocol";
import { Ringer } from "./ringer";
import { Shortcuts } from "./shortcuts";
import { SignIn } from "./sign-in";
import { Socket } from "./socket";
import { Sound } from "./sound";
import { StateView } from "./state-view";
import { Status } from "./status";
import { SupervisionBar } from "./supervision";
import { Tab } from "./tab";
import { ThirdPanel } from "./third";
import { Transfer } from "./transfer";
import { Views } from "./views";
import { WrapUp } from "./wrap-up";

const leavingWarning = 60_000;
const noteEvery = 20_000;
const renewAfter = 4_000;

class Softphone {
  private screen: Screen | null = null;
  private running = false;
  private up = false;
  private leaving = false;
  private drawn = "";
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
    connection: (up) => this.connection(up),
    over: (code) => this.over(code),
    refused: () => this.gone(),
  });
  private readonly run = (command: Command): void => {
    this.socket.send(command).catch((problem: unknown) => this.banners.command(problem));
  };
  private readonly tab = new Tab();
  private readonly mute = new Mute(
    (on) => this.socket.send({ kind: "mute", on }),
    (on) => this.media.mute(on),
    () => this.draw(),
    (problem) => this.banners.command(problem),
  );
  private readonly stateView = new StateView();
  private readonly card = new CallerCard();
  private readonly sound = new Sound();
  private readonly ears = new Ears(() => this.media.received(), () => this.draw());
  private readonly controls = new Controls(this.run, () => {
    if (this.screen) this.mute.toggle(this.screen);
  });
  private readonly keypad = new Keypad(this.run, (low, high) => void this.ringer.key(low, high));
  private readonly transfer = new Transfer((command) => this.socket.send(command));
  private readonly third = new ThirdPanel(this.run);
  private readonly supervision = new SupervisionBar((command) => this.socket.send(command));
  private readonly wrapUp = new WrapUp(this.run);
  private readonly status = new Status(this.run);
  private readonly phone = new Phone(this.run);
  private readonly views = new Views(() => this.draw());
  private readonly callsView = new CallsView(
    [{ name: "Listen", testID: "listen", run: (call) => this.supervision.take(call.id, "listen") }],
    [{ name: "Signalling", testID: "show-signalling", run: (call) => this.views.go({ kind: "call", id: call.id }) }],
    [{ name: "Recording", testID: "show-recording", of: (call) => call.recorded === true, run: (call) => this.views.go({ kind: "call", id: call.id }) }],
    (id) => this.views.go({ kind: "call", id }),
  );
  private readonly callView = new CallView();
  private readonly messagesView = new MessagesView((on) => this.views.hearing(on));
  private readonly flowsView = new FlowsView();
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
        { key: "H", does: "Hold or resume", run: () => this.controls.toggleHold() },
        { key: "R", does: "Pause the recording, or record again", run: () => this.controls.toggleRecording() },
        { key: "K", does: "Keypad", run: () => this.keypad.toggle() },
        { key: "T", does: "Transfer the caller", run: () => this.transfer.toggle() },
        { key: "E", shift: true, does: "Hang up", run: () => this.controls.hangUp() },
        { key: "F", does: "Finish the wrap-up", run: () => this.wrapUp.finish() },
        { key: "X", does: "More wrap-up time", run: () => this.wrapUp.extend() },
        { key: "V", does: "Go available", run: () => this.status.goAvailable() },
        { key: "W", does: "Go away: choose why", run: () => this.status.toggle() },
      ],
      () => this.running && this.screen !== null && this.views.now.kind === "softphone",
    );
    find("idle-available").addEventListener("click", () => this.status.goAvailable());
    find("sign-out").addEventListener("click", () => void this.signOut());
    // A key held down presses a button once.
    addEventListener("keydown", (event) => {
      if (event.repeat && event.key === "Enter" && event.target instanceof HTMLButtonElement) event.preventDefault();
    });
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
    this.socket.stop();
    this.leave();
    this.signedIn(false);
    this.signIn.open(note);
  }

  // The agent isn't here any more: nothing of a call stays in the page.
  private leave(): void {
    this.running = this.up = this.leaving = false;
    this.screen = null;
    this.media.stop();
    this.level.watch(null);
    this.ringer.stop();
    this.ringer.withdraw();
    this.card.render(undefined);
    this.views.leave();
    this.callsView.clear();
    this.supervision.clear();
    this.callView.show("");
    this.messagesView.clear();
    this.flowsView.clear();
    this.banners.clear();
    this.desk(false);
    this.tab.render(null, true, false);
  }

  private signedIn(on: boolean): void {
    show(find("who"), on);
    show(find("health"), on);
    show(find("sign-out"), on);
    if (!on) this.desk(false);
  }

  // The softphone, or what supervisors see instead. Within the softphone, notices
  // stand below the buttons: none of them may move a button away from under the
  // pointer.
  private desk(on: boolean): void {
    const view = this.views.now;
    this.callsView.show(on && view.kind === "calls");
    this.callView.show(on && view.kind === "call" ? view.id : "");
    this.messagesView.show(on && view.kind === "messages");
    this.flowsView.show(on && view.kind === "flows");
    on &&= view.kind === "softphone";
    show(find("desk-view"), on);
    const place = find(on ? "stage-notices" : "page-notices");
    const banners = find("banners");
    if (banners.parentElement !== place) place.append(banners);
  }

  private connection(up: boolean): void {
    this.banners.connection(up);
    for (const button of document.querySelectorAll("[data-needs-server]")) mark(button, "aria-disabled", String(!up));
    mark(find("desk-view"), "data-up", String(up));
    if (up) return; // the state that follows draws the rest
    this.up = false;
    this.ringer.stop(); // it can't be answered now
    this.tabTells();
  }

  private render(screen: Screen): void {
    learn(screen.now);
    this.screen = screen;
    const again = !this.up;
    this.up = true;
    this.mute.render(screen, again);
    this.draw();
  }

  private draw(): void {
    if (!this.screen) return;
    const screen: Screen = { ...this.screen, muted: this.mute.on(this.screen) };
    const deaf = this.ears.hearNothing(screen.state === "talking" && !onPhone(screen));
    if (deaf && screen.call?.sound) screen.call = { ...screen.call, sound: { ...screen.call.sound, not_hearing: true } };
    this.views.render(screen);
    this.messagesView.watch();
    this.desk(true);
    write(find("agent-name"), screen.name || screen.user);
    this.banners.draining(screen.draining);
    if (screen.state !== this.drawn) this.banners.settled(); // what was refused is past
    this.drawn = screen.state;
    this.card.render(screen.call);
    this.stateView.render(screen);
    this.sound.render(screen);
    this.controls.render(screen);
    this.keypad.render(screen);
    this.transfer.render(screen);
    this.third.render(screen);
    this.supervision.render(screen);
    this.wrapUp.render(screen);
    this.status.render(screen);
    this.phone.render(screen);
    this.banners.phone(screen.phone);
    if (screen.state === "offered" && this.up) this.ringer.start(onPhone(screen));
    else this.ringer.stop();
    this.tabTells();
    this.tick();
  }

  private tabTells(): void {
    const screen = this.screen && { ...this.screen, muted: this.mute.on(this.screen) };
    this.tab.render(screen, this.up, this.leaving);
  }

  private tick(): void {
    this.tab.tick();
    if (!this.screen) return;
    this.stateView.tick();
    this.callsView.tick();
    this.card.tick();
    this.wrapUp.tick();
    this.checkLeaving(this.screen);
    this.checkSound(this.screen);
  }

  // Who works in another window must hear of the sign-out before it comes.
  private checkLeaving(screen: Screen): void {
    const end = screen.sign_out_at;
    const left = until(end);
    const near = end !== undefined && left < leavingWarning && this.up;
    const idle = screen.sign_out_for !== "session_life";
    this.banners.leaving(near, idle, spell(left));
    if (near === this.leaving) return;
    this.leaving = near;
    if (near) void this.ringer.remind(idle ? "Still there?" : "Your sign-in ends", "The softphone signs you out in a minute.");
    else if (screen.state !== "offered") this.ringer.withdraw();
    this.tabTells();
  }

  // We think that the sound path stands, the server says it has none: it was
  // restarted, and wants a new offer.
  private checkSound(screen: Screen): void {
    if (screen.media_connected || onPhone(screen) || !this.media.connected()) {
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
      this.leave();
      show(find("health"), false);
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
