// The page begins: the record that the address names, else one that is being recorded, else the first there is.

import "./theme.js";
import "./teach.js";
import "./bar.js";
import "./compare.js";
import "./grid.js";
import "./export.js";
import "./help.js";
import "./hints.js";
import "./kit.js";
import "./library.js";
import "./status.js";
import "./overview.js";
import "./ruler.js";
import "./markers.js";
import "./pads.js";
import "./slice.js";
import "./keys.js";
import "./wave.js";
import "./probability.js";
import "./drums.js";
import "./chords.js";
import "./heads.js";
import "./live.js";
import "./conflicts.js";
import { ask, open } from "./server.js";
import { store } from "./store.js";
import { view } from "./view.js";

async function start() {
  const { items } = await (await ask("/api/library")).json();
  const wanted = new URLSearchParams(location.search).get("record");
  const known = /** @type {{id: string, live: boolean}[]} */ (items);
  const first = known.find(({ id }) => id === wanted) ?? known.find(({ live }) => live);
  if (first?.live) /** @type {import("./live.js").Live} */ (document.querySelector("chop-live")).follow(first.id);
  else if (first) open(first.id);
  else openFirst(known.map(({ id }) => id));
}

/** Open the first of records that can be opened; the library says what is wrong with others. @param {string[]} ids */
function openFirst([id, ...others]) {
  open(id, others.length ? () => openFirst(others) : null);
}

const waves = /** @type {HTMLElement} */ (document.getElementById("lanes"));
new ResizeObserver(() => view.resize(waves.clientWidth)).observe(waves);
start().catch((error) => store.complain(error.message));
