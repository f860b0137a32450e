// The picture with its gestures and keys. One focusable proxy stands on the focused node and speaks for it.

import { element } from "./dom.js";
import { boxOf } from "./camera.js";
import { Renderer } from "./renderer.js";
import * as words from "./words.js";

/** @typedef {import("./model.js").MapModel} MapModel */
/**
 * @typedef {object} Callbacks
 * @property {(i: number) => void} open
 * @property {(t: number) => void} openTie
 * @property {() => void} clear
 * @property {string} label
 */

const DIRECTIONS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});
const CLICK_SLACK = 4;

export class Stage {
  /** @param {MapModel} model @param {Callbacks} callbacks */
  constructor(model, callbacks) {
    this.model = model;
    this.callbacks = callbacks;
    this.current = model.first();
    /** @type {Map<number, {x: number, y: number}>} pointers that are down */
    this.pointers = new Map();
    this.moved = 0;
    this.sized = false;
    /** nobody has panned or zoomed since all was shown */
    this.untouched = true;
    /** @type {() => void} */
    let drawn = () => {};
    /** fulfilled when the first picture has been shown @type {Promise<void>} */
    this.whenDrawn = new Promise((resolve) => { drawn = resolve; });
    this.drawn = drawn;
    const canvas = /** @type {HTMLCanvasElement} */ (element("canvas.kith-map__canvas", { "aria-hidden": "true" }));
    // two proxies take turns, because a screen reader speaks when the focus moves, not when a label changes
    this.proxies = [0, 1].map(() => element("button.kith-map__proxy", { type: "button", tabindex: -1,
      "aria-label": "Nothing chosen", "aria-roledescription": "item on the map", onfocus: () => this.focused(true), onblur: () => this.focused(false) }));
    this.turn = 0;
    this.tip = element("div.kith-map__tip", { hidden: true, "aria-hidden": "true" });
    const help = element("p.kith-map__keys", { id: "kith-map-keys", text: "Keys on the map: arrows go to the nearest in that direction, Enter opens the details, Escape comes back, plus and minus zoom, 0 shows all, Shift with arrows moves the view." });
    this.root = element("div.kith-map__stage", {},
      element("div.kith-map__view", { role: "application", "aria-label": callbacks.label, "aria-describedby": "kith-map-keys" },
        canvas, ...this.proxies, this.tip), help);
    this.view = /** @type {HTMLElement} */ (this.root.firstElementChild);
    this.renderer = new Renderer(canvas, model);
    this.listen(canvas);
    this.speak();
    new ResizeObserver(([entry]) => this.resized(entry.contentRect)).observe(this.view);
  }

  /** @param {DOMRectReadOnly} box */
  resized(box) {
    if (!box.width || !box.height) return;
    this.renderer.resize(box.width, box.height);
    if (this.sized && this.untouched) this.renderer.fit();
    if (!this.sized) {
      this.sized = true;
      this.renderer.fit();
      this.renderer.draw();
      performance.mark("kith-map-drawn");
      requestAnimationFrame(() => setTimeout(this.drawn));
    }
    this.follow();
  }

  /** @param {HTMLCanvasElement} canvas */
  listen(canvas) {
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const { x, y } = this.at(event);
      const pixels = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
      this.zoom(Math.exp(-Math.max(-120, Math.min(120, pixels)) * 0.0022), x, y);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, this.at(event));
      this.moved = 0;
      this.tip.hidden = true;
    });
    canvas.addEventListener("pointermove", (event) => this.pointerMoved(event));
    const up = (/** @type {PointerEvent} */ event) => {
      if (!this.pointers.delete(event.pointerId)) return;
      canvas.classList.remove("kith-map__canvas--moving");
      if (event.type === "pointerup" && this.moved < CLICK_SLACK && !this.pointers.size) this.clicked(this.at(event));
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.hover(-1));
    this.view.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {MouseEvent} event */
  at(event) {
    const box = this.renderer.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {PointerEvent} event */
  pointerMoved(event) {
    const now = this.at(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.hover(this.renderer.nodeAt(now.x, now.y), now);
      return;
    }
    this.pointers.set(event.pointerId, now);
    this.moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (this.moved < CLICK_SLACK) return;
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    if (others.length === 1) {
      const [other] = others;
      this.untouched = false;
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      this.renderer.camera.zoom(factor, other.x, other.y);
    } else if (!others.length) {
      this.renderer.canvas.classList.add("kith-map__canvas--moving");
      this.untouched = false;
      this.renderer.camera.pan(now.x - before.x, now.y - before.y);
    }
    this.renderer.request(true);
    this.follow();
  }

  /** @param {{x: number, y: number}} point */
  clicked(point) {
    const i = this.renderer.nodeAt(point.x, point.y);
    if (i >= 0) {
      this.focusNode(i);
      this.callbacks.open(i);
      return;
    }
    const t = this.renderer.tieAt(point.x, point.y);
    if (t >= 0) this.callbacks.openTie(t);
    else this.callbacks.clear();
  }

  /** @param {number} i @param {{x: number, y: number}} [point] */
  hover(i, point) {
    if (i !== this.renderer.hover) {
      this.renderer.hover = i;
      this.renderer.canvas.classList.toggle("kith-map__canvas--over", i >= 0);
      this.renderer.request();
    }
    this.tip.hidden = i < 0 || !point;
    if (i >= 0 && point) {
      const { nodes } = this.model;
      this.tip.replaceChildren(element("strong", { text: nodes.label[i] }), element("span", { text: nodes.detail[i] || words.kind(this.model, i) }),
        element("span", { text: words.counted(this.model.tiesOf(i).length, "tie") + " shown" }));
      const left = Math.min(point.x + 14, this.renderer.camera.width - 210);
      this.tip.style.transform = `translate(${Math.max(0, left)}px, ${point.y + 16}px)`;
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const direction = DIRECTIONS[event.key];
    if (direction && event.shiftKey) {
      this.untouched = false;
      this.renderer.camera.pan(-direction[0] * 80, -direction[1] * 80);
      this.renderer.request(true);
      this.follow();
    } else if (direction) {
      const next = this.current < 0 ? this.model.first() : this.model.towards(this.current, direction[0], direction[1]);
      if (next >= 0) this.focusNode(next, true);
    } else if (event.key === "+" || event.key === "=") this.zoomAtFocus(1.3);
    else if (event.key === "-" || event.key === "_") this.zoomAtFocus(1 / 1.3);
    else if (event.key === "0") this.fit();
    else if (event.key === "Home") this.focusNode(this.model.first(), true);
    else if (event.key === "Enter" || event.key === " ") {
      if (this.current >= 0) this.callbacks.open(this.current);
    } else if (event.key === "Escape") this.callbacks.clear();
    else return;
    event.preventDefault();
  }

  /** Put the keyboard focus on a node. @param {number} i @param {boolean} reveal */
  focusNode(i, reveal = false) {
    if (i < 0) return;
    this.current = i;
    this.turn = 1 - this.turn;
    if (reveal) this.renderer.camera.reveal(this.model.x[i], this.model.y[i]);
    this.speak();
    this.proxies[this.turn].focus({ preventScroll: true });
    this.renderer.request();
  }

  /** Give the proxy whose turn it is the words and the place of the current node. */
  speak() {
    this.proxies.forEach((proxy, turn) => {
      const on = turn === this.turn && this.current >= 0;
      proxy.tabIndex = on ? 0 : -1;
      if (on) {
        proxy.setAttribute("aria-label", words.spoken(this.model, this.current));
        proxy.dataset.node = this.model.nodes.id[this.current];
      }
    });
    this.follow();
  }

  /** The proxy stands where its node is drawn. */
  follow() {
    if (this.current < 0) return;
    const { camera } = this.renderer;
    const x = camera.screenX(this.model.x[this.current]);
    const y = camera.screenY(this.model.y[this.current]);
    const left = Math.max(0, Math.min(camera.width - 24, x - 12));
    const top = Math.max(0, Math.min(camera.height - 24, y - 12));
    this.proxies[this.turn].style.transform = `translate(${left}px, ${top}px)`;
  }

  /** @param {boolean} on */
  focused(on) {
    this.renderer.focus = on ? this.current : -1;
    this.renderer.request();
  }

  refresh() {
    if (this.current < 0 || !this.model.nodeShown[this.current]) this.current = this.model.first();
    this.renderer.hover = -1;
    if (this.renderer.focus >= 0) this.renderer.focus = this.current;
    this.renderer.refresh();
    this.speak();
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  zoom(factor, x, y) {
    this.untouched = false;
    this.renderer.camera.zoom(factor, x, y);
    this.renderer.request(true);
    this.follow();
  }

  /** @param {number} factor */
  zoomAtFocus(factor) {
    const { camera } = this.renderer;
    if (this.current < 0) this.zoom(factor);
    else this.zoom(factor, camera.screenX(this.model.x[this.current]), camera.screenY(this.model.y[this.current]));
  }

  fit() {
    this.untouched = true;
    this.renderer.fit();
    this.follow();
  }

  /** @param {number[]} rows */
  fitTo(rows) {
    this.untouched = false;
    this.renderer.camera.fit(boxOf(this.model.x, this.model.y, rows), 1.2);
    this.renderer.request();
    this.follow();
  }
}
