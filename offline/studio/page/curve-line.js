// The curve as a line over its ground: of columns of pixels, or, close enough, from frame to frame.

import { askFor, highest } from "./curve.js";
import { colour } from "./lane.js";
import { store } from "./store.js";
import { view } from "./view.js";

/** Frames that are this far apart get dots. */
const DOTS_PX = 10;
/** Frames of a column of which there are always some: they stand in while finer ones are on their way. */
const COARSE = 64;

/** Paint what is shown of it, if it is known.
 * @param {CanvasRenderingContext2D} context @param {number} width @param {number} height @param {number} top of 1 */
export function paintCurve(context, width, height, top) {
  const { curve } = store.found;
  if (!curve) return;
  const { frames, at, hop } = curve, column = view.scale / devicePixelRatio, isClose = column < hop;
  const step = isClose ? hop : column, origin = isClose ? at - hop / 2 : 0;
  const begin = Math.max(0, Math.floor((view.first - origin) / step) - 1);
  const end = Math.ceil((view.last - origin) / step) + 1;
  const frame = (/** @type {number} */ place) =>
    Math.max(0, Math.min(frames, isClose ? place : Math.ceil((place * step - at) / hop)));
  askFor(0, frames, COARSE);
  askFor(frame(begin), frame(end), step / hop);
  /** @type {[x: number, y: number][]} */
  const points = [];
  for (let place = begin; place <= end && frame(place) < frames; place += 1) {
    const sure = highest(frame(place), Math.max(frame(place) + 1, frame(place + 1)));
    if (sure !== null) points.push([view.x(origin + (place + 0.5) * step), height - sure * (height - top)]);
  }
  if (!points.length) return;
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.strokeStyle = context.fillStyle = colour("ink");
  context.lineWidth = 1;
  context.globalAlpha = 0.45;
  context.stroke();
  context.lineTo(points[points.length - 1][0], height);
  context.lineTo(points[0][0], height);
  context.globalAlpha = 0.1;
  context.fill();
  context.globalAlpha = 0.6;
  if (hop / view.scale >= DOTS_PX) for (const [x, y] of points) context.fillRect(x - 1.5, y - 1.5, 3, 3);
  context.globalAlpha = 1;
}
