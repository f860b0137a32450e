// Labels: who gets one, and where there is room for it.

import { Room } from "./geometry.js";

/** @typedef {import("./renderer.js").Renderer} Renderer */

const MOST_LABELS = 320;
const MOST_FAR_LABELS = 60;
// below this scale only landmarks are named
const FAR = 0.33;
// below this scale events have no names
const EVENTS_NAMED = 0.6;
const LANDMARKS = new Set(["school", "group", "place", "operation"]);
// worth a name even where it covers a symbol
const ALWAYS = new Set(["school", "group", "operation"]);
// more symbols in sight than this and labels may cover some
const MOST_KEPT_CLEAR = 2500;

/** Text grows a little with the view. @param {number} scale */
function textSize(scale) {
  if (scale > 1.25) return 15;
  return scale > 0.7 ? 13.5 : 12.5;
}

export class LabelLayer {
  /** @param {Renderer} renderer */
  constructor(renderer) {
    this.renderer = renderer;
    /** nodes in the order in which they get a label @type {number[]} */
    this.order = [];
    this.taken = new Room();
    this.symbols = new Room();
    /** symbols but those of events */
    this.standing = new Room();
    this.size = 12.5;
    this.far = false;
  }

  /** What is shown has changed. */
  refresh() {
    const { model } = this.renderer;
    const { degree, kind } = model.nodes;
    const rank = Uint8Array.from(kind, (each, i) => {
      if (model.seeds.has(i)) return 0;
      return ALWAYS.has(each) ? 1 : each === "event" ? 3 : 2;
    });
    this.order = [...model.shownNodes].sort((a, b) => rank[a] - rank[b] || degree[b] - degree[a] || a - b);
  }

  draw() {
    const { renderer } = this;
    const { camera, context, model } = renderer;
    const lit = renderer.lit();
    this.size = textSize(camera.scale);
    this.far = camera.scale < FAR;
    this.taken = new Room();
    this.symbols = new Room();
    this.standing = new Room();
    this.keepSymbolsClear();
    const forced = new Set([renderer.focus, renderer.selected, renderer.hover].filter((i) => i >= 0 && model.nodeShown[i]));
    const first = new Set([...forced, ...(lit ? [...lit.nodes].filter((i) => model.nodeShown[i]) : [])]);
    this.drawBubbleNames();
    const limit = this.far ? MOST_FAR_LABELS : MOST_LABELS;
    let count = 0;
    const name = (/** @type {number} */ i, tight = false) => {
      context.globalAlpha = lit && !lit.nodes.has(i) ? 0.35 : 1;
      if (this.place(i, first.has(i), forced.has(i), tight)) count += 1;
    };
    for (const i of first) if (count < limit) name(i);
    const { kind } = model.nodes;
    /** @type {number[]} */
    const nameless = [];
    for (const i of this.order) {
      if (count >= limit) break;
      if (first.has(i)) continue;
      if (kind[i] === "event" && nameless.length) {
        for (const j of nameless.splice(0)) name(j, true);
      }
      const before = count;
      name(i);
      if (count === before && kind[i] !== "event") nameless.push(i);
    }
    for (const i of nameless) if (count < limit) name(i, true);
    context.globalAlpha = 1;
  }

  /** Labels cover no symbol, unless there are too many to tell. */
  keepSymbolsClear() {
    const { renderer, standing, symbols } = this;
    const { model, screenX, screenY } = renderer;
    const inSight = model.shownNodes.filter((i) => renderer.isInSight(i, 0));
    if (inSight.length > MOST_KEPT_CLEAR) return;
    for (const i of inSight) {
      const r = renderer.radius(i) * 0.8;
      symbols.take(screenX[i] - r, screenY[i] - r, screenX[i] + r, screenY[i] + r);
      if (model.nodes.kind[i] !== "event") standing.take(screenX[i] - r, screenY[i] - r, screenX[i] + r, screenY[i] + r);
    }
  }

  /**
   * Write the label of a node below it, or beside or above it where there is room; false when there is none.
   * @param {number} i @param {boolean} strong @param {boolean} forced written even where there is no room
   * @param {boolean} tight second try, for people and places: closer to others, and events may be covered
   */
  place(i, strong, forced, tight) {
    const { far, renderer, symbols, taken } = this;
    const { camera, model, screenX, screenY, sprites } = renderer;
    const kind = model.nodes.kind[i];
    const seed = model.seeds.has(i);
    if (!renderer.isInSight(i, 60)) return false;
    if (far && !strong && !seed && !LANDMARKS.has(kind)) return false;
    if (kind === "event" && camera.scale < EVENTS_NAMED && !strong && !seed) return false;
    const bold = strong || seed;
    const label = sprites.measure(model.nodes.label[i], bold ? this.size + 1 : this.size, bold);
    const { width, height } = label;
    const x = screenX[i];
    const y = screenY[i];
    const away = renderer.radius(i) + 3;
    // below, beside or above; left, top, and the clear space to leave to the left, right and above, or the name could
    // be taken for that of the next symbol
    const spots = [
      [x - width / 2, y + away, 0, 0, 0], [x + away, y - height / 2, 0, 10, 0],
      [x - away - width, y - height / 2, 10, 0, 0], [x - width / 2, y - away - height, 0, 0, 10],
    ];
    const gap = far ? 8 : 0;
    const whole = spots.filter(([left, top]) => left >= 0 && top >= 0 && left + width <= camera.width && top + height <= camera.height);
    const roomy = whole.filter(([left, top]) => taken.isFree(left - gap, top - gap, left + width + gap, top + height + gap));
    let spot = roomy.find(([left, top, before, after, above]) => symbols.isFree(left - before, top - above, left + width + after, top + height));
    if (!spot && tight) spot = roomy.find(([left, top]) => this.standing.isFree(left, top, left + width, top + height));
    if (!spot && (bold || ALWAYS.has(kind))) [spot] = roomy;
    if (!spot && forced) spot = whole[0] ?? spots[0];
    if (!spot) return false;
    const [left, top] = spot;
    taken.take(left, top, left + width, top + height);
    sprites.write(label, left, top);
    return true;
  }

  drawBubbleNames() {
    const { taken } = this;
    const { bubbles, camera, screenX, screenY, sprites } = this.renderer;
    if (camera.scale < 0.2) return;
    for (const bubble of bubbles.bubbles) {
      if (bubble.rows.length < 2 || bubble.headed) continue;
      const head = bubble.rows.reduce((best, i) => (screenY[i] < screenY[best] ? i : best), bubble.rows[0]);
      const label = sprites.measure(bubble.label, this.size, false, true);
      const left = screenX[head] - label.width / 2;
      const top = screenY[head] - 33 * camera.scale - label.height + 4;
      if (!taken.isFree(left, top, left + label.width, top + label.height)) continue;
      taken.take(left, top, left + label.width, top + label.height);
      sprites.write(label, left, top);
    }
  }
}
