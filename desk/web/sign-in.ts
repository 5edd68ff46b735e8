// The sign-in form.

import { api } from "./api";
import { find, make, show, write } from "./dom";
import { Refused } from "./protocol";

export class SignIn {
  private readonly view = find("sign-in-view");
  private readonly user = find<HTMLInputElement>("sign-in-user");
  private readonly password = find<HTMLInputElement>("sign-in-password");
  private readonly submit = find<HTMLButtonElement>("sign-in-submit");
  private readonly problem = find("sign-in-problem");

  constructor(private readonly done: () => void) {
    find<HTMLFormElement>("sign-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
  }

  /** Shows the form; note says why one is here again. */
  open(note = ""): void {
    write(find("sign-in-note"), note);
    show(find("sign-in-note"), note !== "");
    show(this.problem, false);
    show(this.view, true);
    (this.user.value ? this.password : this.user).focus();
    void this.demo();
  }

  close(): void {
    this.password.value = "";
    show(this.view, false);
  }

  private async send(): Promise<void> {
    this.submit.disabled = true;
    show(this.problem, false);
    try {
      await api.signIn(this.user.value, this.password.value);
      this.close();
      this.done();
    } catch (problem) {
      write(this.problem, problem instanceof Refused ? problem.trouble.text : "Signing in failed. Try again.");
      show(this.problem, true);
      this.password.select();
    } finally {
      this.submit.disabled = false;
    }
  }

  private async demo(): Promise<void> {
    try {
      const { demo } = await api.welcome();
      show(find("demo"), demo !== undefined);
      if (!demo) return;
      write(
        find("demo-text"),
        demo.password ? `Everybody's password is ${demo.password}. Choose who to be:` : "The terminal where the server runs shows the password. Choose who to be:",
      );
      find("demo-users").replaceChildren(
        ...demo.users.map((name) => {
          const button = make("button", { type: "button" }, name);
          button.addEventListener("click", () => {
            this.user.value = name;
            this.password.value = demo.password ?? "";
            (demo.password ? this.submit : this.password).focus();
          });
          return make("li", {}, button);
        }),
      );
    } catch {
      show(find("demo"), false);
    }
  }
}
