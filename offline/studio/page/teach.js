// "This is how I cut": a model learns from what was decided, in the background, and is kept only if it is better.

import { button, make } from "./dom.js";
import { advance, panel } from "./panel.js";
import { ask, post } from "./server.js";
import { store } from "./store.js";
import { counted, sentence } from "./words.js";

class Teach extends HTMLElement {
  #opener = make("button", { type: "button" }, "Teach");
  #panel = panel("teach-panel", "Teach it how you cut", this.#opener, () => this.#load());
  #what = make("p", {});
  #missing = make("p", { class: "faint" });
  #go = make("button", { type: "button", class: "main", onclick: () => this.#post("teach", {}) }, "Teach");
  #line = make("progress", { max: 1, "aria-label": "Progress of the training" });
  #stage = make("span", { class: "faint" });
  #going = make("div", { class: "acts", hidden: true }, this.#line, this.#stage,
    button("Stop", () => this.#post("teach/stop", {})));
  #said = make("div", { class: "said-of-kit", role: "status" });
  #uses = false;

  connectedCallback() {
    this.append(this.#opener);
    const acts = make("div", { class: "acts" }, this.#go);
    this.#panel.body.append(this.#what, this.#missing, acts, this.#going, this.#said);
    store.addEventListener("teach", () => this.#show());
  }

  async #load() {
    try {
      const { records, advised, missing, job, uses } = await (await ask("/api/teach")).json();
      this.#uses = uses;
      this.#what.textContent = `A model learns from your decisions about ${counted(records, "record")} of the library. `
        + "Every fifth is held out to judge by, and the model is kept only if it is better there.";
      const few = records < advised ? `With ${advised} records or more the judgement says something.` : "";
      this.#missing.textContent = missing ? `${sentence(missing)}.` : few;
      this.#missing.classList.toggle("trouble", Boolean(missing));
      this.#go.disabled = Boolean(missing);
      this.#go.textContent = `Teach with ${counted(records, "record")}`;
      store.tellTeach(job);
    } catch (error) {
      store.complain(/** @type {Error} */ (error).message);
    }
  }

  /** @param {string} what @param {object} value */
  async #post(what, value) {
    try {
      await post(what, value);
    } catch (error) {
      this.#said.replaceChildren(make("p", { class: "trouble" }, `${sentence(/** @type {Error} */ (error).message)}.`));
    }
  }

  #show() {
    const job = store.taught, isGoing = job !== null && job.done !== undefined;
    this.#going.hidden = !isGoing;
    this.#go.hidden = isGoing;
    this.#opener.textContent = isGoing ? "Teaching …" : "Teach";
    this.#said.replaceChildren();
    if (!job) return;
    if (isGoing) {
      advance(this.#line, job);
      this.#stage.textContent = sentence(job.stage);
    } else if (job.error) this.#said.append(make("p", { class: "trouble" }, `${sentence(job.error)}.`));
    else if (job.stage === "taught") this.#tell(job);
    else this.#said.append(make("p", { class: "faint" }, "Stopped. The model is as it was."));
  }

  /** @param {import("./types.js").Taught} job */
  #tell(job) {
    this.#said.append(make("p", {}, job.better ? "It is better on the records held out." :
      "It is no better on the records held out: the model stays as it was."),
      make("pre", {}, sentence(job.said ?? "")));
    if (!job.better) return;
    const use = make("input", { type: "checkbox", checked: this.#uses });
    use.addEventListener("change", () => {
      this.#uses = use.checked;
      this.#post("teach/use", { use: use.checked });
    });
    this.#said.append(make("label", { class: "use" }, use, make("span", {}, "Choose kits by it until the studio ends")),
      make("p", { class: "faint" }, "On the command line: ", make("code", { class: "path" }, `--model ${job.model}`)));
  }
}

customElements.define("chop-teach", Teach);
