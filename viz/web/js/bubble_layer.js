// The soft shapes behind peer groups, on a layer of their own that is drawn once for many frames.

import { boxOf } from "./camera.js";
import { bubble } from "./geometry.js";
import { PALETTE } from "./palette.js";

/** @typedef {import("./model.js").MapModel} MapModel */
/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {{image: OffscreenCanvas, width: number, height: number, scale: number, left: number, top: number, whole: boolean}} Layer */

// the layer reaches this share of the stage beyond it, with this many dots a pixel
const LAYER_MARGIN = 0.3;
const LAYER_DETAIL = 0.75;
// below this scale a shape would be smaller than the symbols in it
const LEAST_SCALE = 0.15;

// half the width of the strokes, units
const REACH = 33;
// while the view moves, no more new shapes than these are worked out at a time; the rest follow when it rests
const MOST_NEW = 6;

/** @typedef {{strokes: Path2D, areas: Path2D}} Shape */
/** @typedef {{label: string, rows: number[], headed: boolean, box: ReturnType<typeof boxOf>, shape: Shape|null}} Bubble */

export class BubbleLayer {
  /** @param {MapModel} model @param {Camera} camera */
  constructor(model, camera) {
    this.model = model;
    this.camera = camera;
    /** @type {Layer|null} */
    this.layer = null;
    /** worked out when first needed @type {Bubble[]|null} */
    this.found = null;
    /** painted straight onto the stage once: a view that is only opened needs no layer */
    this.first = true;
  }

  /** What is shown has changed. */
  refresh() {
    this.found = null;
    this.layer = null;
  }

  get bubbles() {
    if (this.found) return this.found;
    const { model } = this;
    this.found = model.sets.map((set) => {
      const head = model.rowOf.get(set.id);
      const rows = [...new Set(head === undefined ? set.members : [head, ...set.members])]
        .filter((i) => model.nodeShown[i]);
      return { label: set.label, rows, headed: head !== undefined && Boolean(model.nodeShown[head]), box: boxOf(model.x, model.y, rows), shape: null };
    });
    return this.found;
  }

  /** The shape of one bubble in map units, worked out when it first comes into sight. @param {Bubble} each */
  shapeOf(each) {
    if (each.shape) return each.shape;
    const { x, y, shownNodes } = this.model;
    const { pairs, triangles } = bubble(x, y, each.rows, shownNodes);
    const strokes = new Path2D();
    for (const i of each.rows) {
      strokes.moveTo(x[i], y[i]);
      strokes.lineTo(x[i], y[i]);
    }
    for (const [a, b] of pairs) {
      strokes.moveTo(x[a], y[a]);
      strokes.lineTo(x[b], y[b]);
    }
    const areas = new Path2D();
    for (const corners of triangles) {
      corners.forEach((i, at) => (at ? areas.lineTo(x[i], y[i]) : areas.moveTo(x[i], y[i])));
      areas.closePath();
    }
    each.shape = { strokes, areas };
    return each.shape;
  }

  /** The stage has another size. */
  forget() {
    this.layer = null;
  }

  /**
   * Wide round strokes are slow, so the layer is larger than the stage and moves along with the view; it is drawn anew
   * when the view leaves it or rests at another scale.
   * @param {CanvasRenderingContext2D} context @param {boolean} moving the view is being panned or zoomed
   */
  draw(context, moving) {
    const { camera } = this;
    if (camera.scale < LEAST_SCALE || !this.bubbles.some((each) => each.rows.length > 1)) return;
    if (this.first && !moving) {
      this.first = false;
      context.save();
      context.translate(camera.left, camera.top);
      context.scale(camera.scale, camera.scale);
      this.paintBubbles(context, 0, false);
      context.restore();
      return;
    }
    let { layer } = this;
    if (!layer || !this.covers(layer, moving)) {
      layer = this.paint(moving);
      this.layer = layer;
    }
    const zoom = camera.scale / layer.scale;
    context.drawImage(layer.image, camera.left - layer.left * zoom, camera.top - layer.top * zoom, layer.width * zoom, layer.height * zoom);
  }

  /** @param {Layer} layer @param {boolean} moving */
  covers(layer, moving) {
    const { camera } = this;
    const zoom = camera.scale / layer.scale;
    if (zoom > 1.7 || (!moving && (zoom !== 1 || !layer.whole))) return false;
    const left = camera.left - layer.left * zoom;
    const top = camera.top - layer.top * zoom;
    return left <= 0 && top <= 0 && left + layer.width * zoom >= camera.width && top + layer.height * zoom >= camera.height;
  }

  /** @param {boolean} moving */
  paint(moving) {
    const { camera } = this;
    const width = camera.width * (1 + 2 * LAYER_MARGIN);
    const height = camera.height * (1 + 2 * LAYER_MARGIN);
    const image = new OffscreenCanvas(Math.ceil(width * LAYER_DETAIL), Math.ceil(height * LAYER_DETAIL));
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (image.getContext("2d", { alpha: false }));
    context.fillStyle = PALETTE.background;
    context.fillRect(0, 0, image.width, image.height);
    // offset of the layer's corner, as a camera's
    const left = camera.left + camera.width * LAYER_MARGIN;
    const top = camera.top + camera.height * LAYER_MARGIN;
    context.scale(LAYER_DETAIL, LAYER_DETAIL);
    context.translate(left, top);
    context.scale(camera.scale, camera.scale);
    const whole = this.paintBubbles(context, LAYER_MARGIN, moving);
    return { image, width, height, scale: camera.scale, left, top, whole };
  }

  /**
   * @param {CanvasRenderingContext2D|OffscreenCanvasRenderingContext2D} context in map units
   * @param {number} margin share of the stage painted beyond it @param {boolean} moving
   * @returns {boolean} whether every shape in sight was painted
   */
  paintBubbles(context, margin, moving) {
    let most = moving ? MOST_NEW : Infinity;
    let whole = true;
    const { camera } = this;
    const left = camera.worldX(-margin * camera.width) - REACH;
    const right = camera.worldX((1 + margin) * camera.width) + REACH;
    const top = camera.worldY(-margin * camera.height) - REACH;
    const bottom = camera.worldY((1 + margin) * camera.height) + REACH;
    context.lineCap = "round";
    context.lineJoin = "round";
    // darkening makes strokes and fills of one group one flat shape, and shows where two groups overlap
    context.globalCompositeOperation = "darken";
    this.bubbles.forEach((each, number) => {
      const { box } = each;
      if (each.rows.length < 2 || box.right < left || box.left > right || box.bottom < top || box.top > bottom) return;
      if (!each.shape && most <= 0) {
        whole = false;
        return;
      }
      if (!each.shape) most -= 1;
      const [edge, fill] = PALETTE.sets[number % PALETTE.sets.length];
      const { strokes, areas } = this.shapeOf(each);
      context.strokeStyle = edge;
      context.lineWidth = 66;
      context.stroke(strokes);
      context.strokeStyle = fill;
      context.fillStyle = fill;
      context.lineWidth = 58;
      context.stroke(strokes);
      context.fill(areas);
    });
    return whole;
  }
}
