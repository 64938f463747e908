// What the colours mean; each group can be hidden and shown.
"use strict";

(function (atlas) {
  const { colours, element } = atlas;
  const list = element("legend-list"), choice = element("colour-by"), all = element("legend-all");

  const draw = () => {
    const { mode, current, hidden } = colours;
    element("legend-title").textContent = mode.name;
    element("legend").hidden = !current.groups;
    choice.value = mode.id;
    all.hidden = !hidden.size;
    const items = (current.groups || []).map((group, at) => {
      const item = atlas.make("li"), button = atlas.make("button", "group"), dot = atlas.make("span", "dot");
      if (!group.count) return null;
      button.type = "button";
      button.setAttribute("aria-pressed", !hidden.has(at));
      button.title = "Click to hide or show; double-click to see only this";
      dot.style.backgroundColor = group.colour();
      const count = group.count.toLocaleString("en");
      button.append(dot, atlas.make("span", "what", group.name), atlas.make("span", "many", count));
      button.onclick = () => {
        if (!hidden.delete(at)) hidden.add(at);
        sifted(at);
      };
      button.ondblclick = () => {
        current.groups.forEach((_, other) => (other === at ? hidden.delete(other) : hidden.add(other)));
        sifted(at);
      };
      item.append(button);
      return item;
    });
    list.replaceChildren(...items.filter((item) => item));
  };

  // The buttons stay, so that the second click of a double click and the keyboard's focus find them again.
  const sifted = () => {
    const counted = colours.current.groups.map((group, at) => at).filter((at) => colours.current.groups[at].count);
    [...list.querySelectorAll("button")].forEach((button, at) => {
      button.setAttribute("aria-pressed", !colours.hidden.has(counted[at]));
    });
    all.hidden = !colours.hidden.size;
    atlas.sift();
  };

  all.onclick = () => {
    colours.hidden.clear();
    sifted();
  };
  choice.append(...colours.modes.map(({ id, name }) => Object.assign(atlas.make("option", "", name), { value: id })));
  choice.onchange = () => colours.choose(choice.value);
  colours.next = () => {
    const at = colours.modes.indexOf(colours.mode);
    colours.choose(colours.modes[(at + 1) % colours.modes.length].id);
  };
  atlas.on("colours", draw);
})(window.samplechop);
