import assert from "node:assert/strict";
import { test } from "node:test";

import { boxOf, Camera } from "../../viz/web/js/camera.js";
import { bubble, Grid, Room, segmentDistance, wrap } from "../../viz/web/js/geometry.js";

const points = (/** @type {[number, number][]} */ list) => [Float64Array.from(list, (p) => p[0]), Float64Array.from(list, (p) => p[1])];

test("the grid finds the nearest within reach only", () => {
  const [x, y] = points([[0, 0], [100, 0], [-1000, 3]]);
  const grid = new Grid(x, y, [0, 1, 2]);
  assert.equal(grid.nearest(90, 5, 20), 1);
  assert.equal(grid.nearest(50, 40, 20), -1);
  assert.equal(grid.nearest(-995, 0, 20), 2);
});

test("the grid does not find what is not shown", () => {
  const [x, y] = points([[0, 0], [100, 0]]);
  assert.equal(new Grid(x, y, [1]).nearest(0, 0, 20), -1);
});

test("distance from a segment counts its ends", () => {
  assert.equal(segmentDistance(5, 3, 0, 0, 10, 0), 3);
  assert.equal(segmentDistance(13, 4, 0, 0, 10, 0), 5);
  assert.equal(segmentDistance(3, 4, 0, 0, 0, 0), 5);
});

test("a stroke does not cross who is not a member", () => {
  const [x, y] = points([[0, 0], [150, 0], [75, 10]]);
  assert.equal(bubble(x, y, [0, 1], [0, 1]).pairs.length, 1);
  assert.equal(bubble(x, y, [0, 1], [0, 1, 2]).pairs.length, 0);
});

test("a bubble does not cover who is not a member", () => {
  const [x, y] = points([[0, 0], [150, 0], [75, 130], [75, 45]]);
  assert.equal(bubble(x, y, [0, 1, 2], [0, 1, 2]).triangles.length, 1);
  assert.equal(bubble(x, y, [0, 1, 2], [0, 1, 2, 3]).triangles.length, 0);
});

test("a group in two places is two bubbles", () => {
  const [x, y] = points([[0, 0], [50, 0], [2000, 0], [2050, 0]]);
  assert.deepEqual(new Set(bubble(x, y, [0, 1, 2, 3], [0, 1, 2, 3]).pairs.map(String)), new Set(["0,1", "2,3"]));
});

test("room is taken once", () => {
  const room = new Room();
  room.take(0, 0, 100, 20);
  assert.equal(room.isFree(90, 10, 200, 30), false);
  assert.equal(room.isFree(100, 0, 200, 20), true);
});

test("labels have two lines at most and are cut with an ellipsis", () => {
  assert.deepEqual(wrap("Ana Brook"), ["Ana Brook"]);
  assert.deepEqual(wrap("Canal Street Takeaway"), ["Canal Street", "Takeaway"]);
  assert.deepEqual(wrap("Offence, 25 June 2026"), ["Offence,", "25 June 2026"]);
  assert.deepEqual(wrap("Elm Maddermoor High School"), ["Elm Maddermoor", "High School"]);
  assert.equal(wrap("A very long name of a place that goes on and on").length, 2);
  assert.match(wrap("Llanfairpwllgwyngyllgogerychwyrndrobwll")[0], /…$/);
});

test("zoom keeps the point under the pointer", () => {
  const camera = new Camera();
  camera.resize(800, 600);
  const before = camera.worldX(200);
  camera.zoom(2, 200, 100);
  assert.ok(Math.abs(camera.worldX(200) - before) < 1e-9);
});

test("fit brings everything into sight and does not blow up two nodes", () => {
  const camera = new Camera();
  camera.resize(800, 600);
  const [x, y] = points([[-5000, 0], [5000, 3000]]);
  camera.fit(boxOf(x, y, [0, 1]));
  for (const i of [0, 1]) assert.ok(camera.screenX(x[i]) >= 0 && camera.screenX(x[i]) <= 800 && camera.screenY(y[i]) >= 0 && camera.screenY(y[i]) <= 600);
  camera.fit({ left: 0, right: 1, top: 0, bottom: 1 });
  assert.equal(camera.scale, 2);
});
