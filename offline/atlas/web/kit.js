// The sounds chosen for a kit: listed, played one after the other, and saved as a list for the command line.
"use strict";

(function (atlas) {
  const { data, element } = atlas;
  const MOST_LISTED = 300;
  const rows = new Set();
  const panel = element("kit"), list = element("kit-list"), opener = element("kit-open");
  const kit = { rows, has: (row) => rows.has(row) };
  let closed = false, sequence = 0;

  const line = (row) => {
    const item = atlas.make("li"), play = atlas.make("button", "group"), drop = atlas.make("button", "icon");
    const dot = atlas.make("span", "dot");
    dot.style.backgroundColor = atlas.colours.of(row);
    play.type = drop.type = "button";
    play.append(dot, atlas.make("span", "what", data.names[row]));
    play.onclick = () => atlas.go(row, { reveal: true });
    drop.textContent = "×";
    drop.setAttribute("aria-label", `Take ${data.names[row]} out of the kit`);
    drop.onclick = () => {
      const next = item.nextElementSibling || item.previousElementSibling;
      kit.toggle(row);
      if (next) list.querySelector(`li[data-row="${next.dataset.row}"] .icon`)?.focus();
    };
    item.dataset.row = row;
    item.append(play, drop);
    return item;
  };

  const name = () => element("kit-name").value.trim().replace(/[^\p{L}\p{N}_]+/gu, "-").replace(/^-|-$/g, "") || "kit";
  const command = () => `samplechop chop --from-list ${name()}.tsv -o ${name()}`;

  const draw = () => {
    const count = rows.size;
    element("kit-count").textContent = count.toLocaleString("en");
    element("kit-play").disabled = element("kit-clear").disabled = element("kit-save").disabled = !count;
    const listed = [...rows].slice(0, MOST_LISTED).map(line);
    const over = count - MOST_LISTED;
    if (over > 0) listed.push(atlas.make("li", "faint", `and ${over.toLocaleString("en")} more`));
    list.replaceChildren(...listed);
    element("kit-command").textContent = command();
    const was = panel.hidden;
    panel.hidden = closed || !count;
    opener.hidden = !closed || !count;
    opener.textContent = `Kit: ${count.toLocaleString("en")}`;
    document.body.classList.toggle("with-kit", !panel.hidden);
    if (panel.hidden !== was) atlas.camera.refit();
  };

  const changed = () => {
    draw();
    atlas.tell("kit");
  };

  // how: "replace" what was chosen, "add" to it, or "remove" from it.
  kit.choose = (chosen, how) => {
    if (how === "replace") rows.clear();
    for (const row of chosen) {
      if (how === "remove") rows.delete(row);
      else rows.add(row);
    }
    closed = false;
    changed();
  };
  kit.toggle = (row) => {
    if (row >= 0) kit.choose([row], rows.has(row) ? "remove" : "add");
  };

  // One line a sound: path, start and duration in seconds, name. A cell with a quote or a tab is quoted, as
  // spreadsheets do; no cell can have two lines.
  kit.text = () => {
    const cell = (text) => {
      const line = text.replace(/[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+/g, " ");
      return /["\t]/.test(line) ? `"${line.replaceAll('"', '""')}"` : line;
    };
    const lines = [...rows].map((row) => {
      const times = [data.start[row], data.seconds[row]].map((seconds) => seconds.toFixed(6));
      return [cell(atlas.pathOf(row)), ...times, cell(data.names[row])].join("\t");
    });
    return ["path\tstart\tduration\tname", ...lines, ""].join("\n");
  };

  const save = () => {
    const link = atlas.make("a"), blob = new Blob([kit.text()], { type: "text/tab-separated-values" });
    link.href = URL.createObjectURL(blob);
    link.download = `${name()}.tsv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command());
    } catch {
      const range = document.createRange();
      range.selectNodeContents(element("kit-command"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy"); // where the page may not use the clipboard, as on a phone from disk
    }
    element("kit-copy").textContent = "Copied";
    setTimeout(() => { element("kit-copy").textContent = "Copy"; }, 1500);
  };

  // Play all, one after the other, until something else is played.
  const playAll = () => {
    const all = [...rows], mine = ++sequence;
    atlas.sound.mute(false);
    element("kit-play").textContent = "Stop";
    const next = (at) => {
      if (mine !== sequence) return;
      if (at === all.length) return stop();
      atlas.go(all[at], { quiet: true, reveal: true });
      for (const item of list.children) item.classList.toggle("now", Number(item.dataset.row) === all[at]);
      atlas.sound.play(all[at], () => next(at + 1));
    };
    next(0);
  };
  const stop = () => {
    sequence++;
    element("kit-play").textContent = "Play all";
    for (const item of list.children) item.classList.remove("now");
  };
  kit.stop = stop;
  element("kit-play").onclick = () => {
    if (element("kit-play").textContent === "Play all") return playAll();
    atlas.sound.hush();
    stop();
  };
  atlas.on("asked", stop);

  element("kit-clear").onclick = () => kit.choose([], "replace");
  element("kit-close").onclick = () => { closed = true; draw(); opener.focus(); };
  opener.onclick = () => { closed = false; draw(); element("kit-close").focus(); };
  element("kit-save").onclick = save;
  element("kit-copy").onclick = copy;
  element("kit-name").oninput = () => { element("kit-command").textContent = command(); };
  atlas.on("colours", draw);
  atlas.kit = kit;
})(window.samplechop);
