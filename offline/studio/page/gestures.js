// What hands do on a lane, alike by mouse, pen and touch: wheel and pinch zoom, a drag moves what was taken hold of or
// else the view, a press without a drag is a click, two of them a double one.

import { view } from "./view.js";

/**
 * @typedef {object} Hold What was taken hold of, while the pointer goes on.
 * @property {(x: number, y: number, event: PointerEvent) => void} move
 * @property {() => void} release
 * @property {() => void} cancel puts back what was
 */
/**
 * @typedef {object} Hands What a lane does by them; places are CSS pixels from its upper left.
 * @property {(x: number, y: number, event: PointerEvent) => Hold|null} [take] what lies there to be dragged
 * @property {(x: number, y: number, event: PointerEvent) => void} [click]
 * @property {(x: number, y: number) => void} [double]
 * @property {(x: number, y: number) => string} [pointer] the shape of the mouse pointer there, "" for the usual one
 */

const NEAR_MOUSE = 3, NEAR_TOUCH = 8;
const DOUBLE_MS = 400, DOUBLE_PX = 12;
const LINE_PX = 16, PAGE_PX = 400;
const WHEEL = 0.002, TRACKPAD = 0.01;

/** Where each pointer that is down is now, on which element. @type {Map<number, {x: number, element: HTMLElement}>} */
const down = new Map();

/** @param {HTMLElement} element @param {Hands} hands */
export function gestures(element, hands) {
  let pressedX = 0, pressedY = 0, moved = false, lastX = 0;
  /** @type {Hold|null} */
  let hold = null;
  let active = -1, clickedAt = -Infinity, clickedX = 0;
  /** @type {{middle: number, apart: number}|null} */
  let pinch = null;

  /** @param {PointerEvent|WheelEvent} event @returns {[number, number]} */
  const place = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const pair = () => {
    const [one, other] = [...down.values()];
    return { middle: (one.x + other.x) / 2, apart: Math.max(8, Math.abs(one.x - other.x)) };
  };
  const letGo = () => {
    if (moved) hold?.cancel();
    hold = null;
    active = -1;
  };
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || active < 0 || !hold) return;
    letGo();
    event.stopPropagation();
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    const [x, y] = place(event);
    down.set(event.pointerId, { x, element });
    element.setPointerCapture(event.pointerId);
    if (down.size === 2) {
      letGo();
      for (const one of down.values()) one.element.dispatchEvent(new Event("pinch"));
      pinch = pair();
      return;
    }
    if (down.size > 2) return;
    [pressedX, pressedY, lastX, moved] = [x, y, x, false];
    active = event.pointerId;
    hold = event.button === 0 ? hands.take?.(x, y, event) ?? null : null;
    addEventListener("keydown", escape, true);
  });
  element.addEventListener("pinch", letGo);

  element.addEventListener("pointermove", (event) => {
    const [x, y] = place(event), mine = down.get(event.pointerId);
    if (!mine) {
      element.style.cursor = hands.pointer?.(x, y) ?? "";
      return;
    }
    mine.x = x;
    if (down.size === 2) {
      const before = pinch ?? pair();
      pinch = pair();
      view.zoom(before.apart / pinch.apart, before.middle);
      view.pan((before.middle - pinch.middle) * view.scale);
      return;
    }
    if (event.pointerId !== active) return;
    const near = event.pointerType === "touch" ? NEAR_TOUCH : NEAR_MOUSE;
    if (!moved && Math.hypot(x - pressedX, y - pressedY) < near) return;
    moved = true;
    if (hold) hold.move(x, y, event);
    else view.pan((lastX - x) * view.scale);
    lastX = x;
  });

  /** @param {PointerEvent} event */
  const up = (event) => {
    if (!down.delete(event.pointerId)) return;
    pinch = null;
    removeEventListener("keydown", escape, true);
    if (event.pointerId !== active) return;
    const [x, y] = place(event), was = hold;
    hold = null;
    active = -1;
    if (event.type === "pointercancel") {
      if (moved) was?.cancel();
    } else if (moved) {
      was?.release();
    } else if (event.button === 0) {
      const twice = event.timeStamp - clickedAt < DOUBLE_MS && Math.abs(x - clickedX) < DOUBLE_PX;
      [clickedAt, clickedX] = [twice ? -Infinity : event.timeStamp, x];
      if (twice && hands.double) hands.double(x, y);
      else hands.click?.(x, y, event);
    }
  };
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  wheel(element);
}

/** Zoom at the pointer by the wheel; pan by a horizontal wheel, or with shift. @param {HTMLElement} element */
function wheel(element) {
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? PAGE_PX : 1;
    const across = event.deltaX * unit, along = event.deltaY * unit;
    if (event.shiftKey || Math.abs(across) > Math.abs(along)) {
      view.pan((across || along) * view.scale);
      return;
    }
    const x = event.clientX - element.getBoundingClientRect().left;
    view.zoom(Math.exp(along * (event.ctrlKey ? TRACKPAD : WHEEL)), x);
  }, { passive: false });
}
