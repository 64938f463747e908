// What the studio has to say, where people look: how far the detectors are, what went wrong, what to know.

import { closer, make } from "./dom.js";
import { store } from "./store.js";
import { sentence } from "./words.js";

class Status extends HTMLElement {
  #job = make("div", { class: "job", role: "status" });
  #line = make("progress", { max: 1, "aria-label": "Progress of the detectors" });
  #stage = make("span");
  #trouble = make("div", { class: "said trouble", role: "alert" });
  #remark = make("div", { class: "said", role: "status" });
  #messages = make("div", { role: "status" });
  /** Sentences that somebody has read. @type {Set<string>} */
  #read = new Set();

  connectedCallback() {
    this.#job.append(this.#line, this.#stage);
    this.append(this.#job, this.#trouble, this.#remark, this.#messages);
    store.watch(["job", "pads"], () => this.#showJob());
    store.watch(["trouble"], () => this.#showSaid(this.#trouble, store.trouble, () => store.complain("")));
    store.watch(["remark"], () => this.#showSaid(this.#remark, store.remark, () => store.say("")));
    store.watch(["messages"], () => this.#showMessages());
  }

  #showJob() {
    const { job } = store;
    this.#job.hidden = !job || Boolean(job.error);
    if (!job || job.error) return;
    const { done, length } = job, isAfter = store.pads.length > 0;
    if (done === undefined || !length) this.#line.removeAttribute("value");
    else this.#line.value = done / length;
    const share = done === undefined || !length ? "" : ` ${Math.floor(100 * done / length)} %`;
    this.#stage.textContent = job.stage === "heard" ? "Chops are there; drums and chords follow" :
      `${sentence(job.stage)}${share}${isAfter ? "" : ": the kit appears when all is heard"}`;
  }

  /** @param {HTMLElement} shown @param {string} said @param {() => void} close */
  #showSaid(shown, said, close) {
    shown.hidden = !said;
    if (said) shown.replaceChildren(make("span", {}, ended(sentence(said))), closer(close));
  }

  #showMessages() {
    const fresh = store.get("messages").filter((message) => !this.#read.has(message));
    this.#messages.replaceChildren(...fresh.map((message) => {
      const read = () => { this.#read.add(message); this.#showMessages(); };
      const one = make("div", { class: "said" });
      this.#showSaid(one, message, read);
      return one;
    }));
  }
}

/** @param {string} text */
const ended = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

customElements.define("chop-status", Status);
