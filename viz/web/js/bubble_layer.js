// The soft shapes behind peer groups, on a layer of their own that is drawn once for many frames.

import { bubble } from "./geometry.js";
import { PALETTE } from "./palette.js";

/** @typedef {import("./model.js").MapModel} MapModel */
/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {{image: OffscreenCanvas, width: number, height: number, scale: number, left: number, top: number}} Layer */

// the layer reaches this share of the stage beyond it, with this many dots a pixel
const LAYER_MARGIN = 0.3;
const LAYER_DETAIL = 0.75;
// below this scale a shape would be smaller than the symbols in it
const LEAST_SCALE = 0.15;

/** @typedef {{label: string, rows: number[], headed: boolean, pairs: [number, number][], triangles: [number, number, number][]}} Bubble */

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
      const shape = rows.length ? bubble(model.x, model.y, rows, model.shownNodes) : { pairs: [], triangles: [] };
      return { label: set.label, rows, headed: head !== undefined && Boolean(model.nodeShown[head]), ...shape };
    });
    return this.found;
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
      this.paintBubbles(context);
      context.restore();
      return;
    }
    let { layer } = this;
    if (!layer || !this.covers(layer, moving)) {
      layer = this.paint();
      this.layer = layer;
    }
    const zoom = camera.scale / layer.scale;
    context.drawImage(layer.image, camera.left - layer.left * zoom, camera.top - layer.top * zoom, layer.width * zoom, layer.height * zoom);
  }

  /** @param {Layer} layer @param {boolean} moving */
  covers(layer, moving) {
    const { camera } = this;
    const zoom = camera.scale / layer.scale;
    if (zoom > 1.7 || (!moving && zoom !== 1)) return false;
    const left = camera.left - layer.left * zoom;
    const top = camera.top - layer.top * zoom;
    return left <= 0 && top <= 0 && left + layer.width * zoom >= camera.width && top + layer.height * zoom >= camera.height;
  }

  paint() {
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
    this.paintBubbles(context);
    return { image, width, height, scale: camera.scale, left, top };
  }

  /** @param {CanvasRenderingContext2D|OffscreenCanvasRenderingContext2D} context in map units */
  paintBubbles(context) {
    const { x, y } = this.model;
    context.lineCap = "round";
    context.lineJoin = "round";
    // darkening makes strokes and fills of one group one flat shape, and shows where two groups overlap
    context.globalCompositeOperation = "darken";
    this.bubbles.forEach((each, number) => {
      if (each.rows.length < 2) return;
      const [edge, fill] = PALETTE.sets[number % PALETTE.sets.length];
      const strokes = new Path2D();
      for (const i of each.rows) {
        strokes.moveTo(x[i], y[i]);
        strokes.lineTo(x[i], y[i]);
      }
      for (const [a, b] of each.pairs) {
        strokes.moveTo(x[a], y[a]);
        strokes.lineTo(x[b], y[b]);
      }
      const areas = new Path2D();
      for (const corners of each.triangles) {
        corners.forEach((i, at) => (at ? areas.lineTo(x[i], y[i]) : areas.moveTo(x[i], y[i])));
        areas.closePath();
      }
      context.strokeStyle = edge;
      context.lineWidth = 66;
      context.stroke(strokes);
      context.strokeStyle = fill;
      context.fillStyle = fill;
      context.lineWidth = 58;
      context.stroke(strokes);
      context.fill(areas);
    });
  }
}
