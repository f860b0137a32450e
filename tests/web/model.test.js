import assert from "node:assert/strict";
import { test } from "node:test";

import { MapModel, NO_REPORT, openFilter } from "../../viz/web/js/model.js";
import { made } from "./made.js";

/** @param {(filter: ReturnType<typeof openFilter>) => void} change */
function filtered(change) {
  const model = new MapModel(made());
  change(model.filter);
  model.apply();
  return model;
}

test("without a filter everything is shown", () => {
  const model = new MapModel(made());
  assert.deepEqual(model.shownNodes, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(model.shownTies, [0, 1, 2, 3, 4, 5]);
  assert.equal(model.isNarrowed(), false);
});

test("a date range keeps what overlaps it and what has no dates", () => {
  const model = filtered((filter) => { filter.from = "2026-06-30"; filter.to = "2026-12-31"; });
  assert.deepEqual(model.shownTies, [0, 1, 2, 4, 5]);
});

test("the day after its last day a tie is outside the range", () => {
  assert.deepEqual(filtered((filter) => { filter.from = "2026-07-01"; }).shownTies, [0, 2, 4, 5]);
});

test("a tie that starts after the range is outside", () => {
  assert.deepEqual(filtered((filter) => { filter.to = "2025-06-01"; }).shownTies, [2, 3, 4, 5]);
});

test("standing, polarity and type hide ties, and nodes that are left alone", () => {
  const model = filtered((filter) => { filter.standings.add("tentative"); filter.standings.add("unconfirmed"); });
  assert.deepEqual(model.shownTies, [0, 3, 4, 5]);
  assert.deepEqual(model.shownNodes, [0, 1, 4, 5]);
  assert.deepEqual(filtered((filter) => filter.polarities.add("concern")).shownTies, [0, 1, 3, 4, 5]);
  assert.deepEqual(filtered((filter) => filter.types.add("member_of")).shownTies, [0, 1, 2, 3]);
});

test("the seed stays even with no tie left", () => {
  const model = filtered((filter) => ["confirmed", "unconfirmed", "tentative"].forEach((word) => filter.standings.add(word)));
  assert.deepEqual(model.shownNodes, [0]);
});

test("those without ties can be kept", () => {
  const model = filtered((filter) => { filter.standings.add("confirmed"); filter.loose = true; });
  assert.equal(model.shownNodes.length, 6);
});

test("a hidden kind takes its ties along", () => {
  const model = filtered((filter) => filter.kinds.add("group"));
  assert.deepEqual(model.shownTies, [0, 1, 2, 3]);
  assert.equal(model.nodeShown[5], 0);
});

test("a tie goes by grade only when every grade of it is hidden", () => {
  assert.deepEqual(filtered((filter) => filter.grades.add("3x5x2 1 A")).shownTies, [0, 1, 2]);
  assert.deepEqual(filtered((filter) => filter.grades.add(NO_REPORT)).shownTies, [0, 1, 3, 4, 5]);
});

test("tallies count ties, reports without a grade included", () => {
  const model = new MapModel(made());
  assert.equal(model.tally("grades").get("3x5x2 1 A"), 4);
  assert.equal(model.tally("grades").get(NO_REPORT), 1);
  assert.equal(model.tally("type").get("member_of"), 2);
});

test("search finds by any words without accents, and by id", () => {
  const model = new MapModel(made());
  assert.deepEqual(model.search("avila ana"), [0]);
  assert.deepEqual(model.search("park"), [5, 4]);
  assert.deepEqual(model.search("person:3"), [2]);
  assert.deepEqual(model.search("  "), []);
});

test("a path is the shortest among what is shown, or null", () => {
  const model = new MapModel(made());
  assert.deepEqual(model.path(0, 2)?.nodes, [0, 1, 2]);
  assert.equal(model.path(0, 3), null);
  assert.equal(filtered((filter) => { filter.standings.add("unconfirmed"); filter.standings.add("tentative"); }).path(0, 2), null);
});

test("arrows go to the nearest in that direction and nowhere when there is none", () => {
  const model = new MapModel(made());
  assert.equal(model.towards(0, 1, 0), 1);
  assert.equal(model.towards(1, -1, 0), 0);
  assert.equal(model.towards(1, 0, 1), 4);
  assert.equal(model.towards(3, 0, 1), -1);
});

test("ties between the same two fan out to both sides", () => {
  const model = new MapModel(made());
  assert.equal(model.bend[0], 0);
  assert.notEqual(model.bend[1], 0);
  // one runs the other way, so equal numbers are opposite sides
  assert.equal(model.bend[1], model.bend[2]);
});

/** What the server says around Cai: one known neighbour, two new ones. */
function around() {
  const more = made();
  more.nodes.id = ["person:3", "person:2", "person:8", "person:9"];
  for (const column of ["kind", "label", "x", "y", "hop", "degree", "group", "age_band", "detail", "url", "hub"]) {
    more.nodes[column] = more.nodes[column].slice(0, 4);
  }
  more.nodes.label = ["Cai Croft", "Ben Brook", "Eve Elm", "Flo Finch"];
  more.ties.id = ["T2", "T8", "T9"];
  for (const column of Object.keys(more.ties)) if (column !== "id") more.ties[column] = more.ties[column].slice(0, 3);
  more.ties.source = [1, 0, 0];
  more.ties.target = [0, 2, 3];
  more.sets = [];
  more.cut = [];
  return more;
}

test("an expansion adds what is new beside the node and moves nothing", () => {
  const model = new MapModel(made());
  const before = [...model.nodes.x];
  assert.deepEqual(model.merge(around(), 2), { nodes: 2, ties: 2 });
  assert.deepEqual(model.nodes.x.slice(0, 6), before);
  assert.deepEqual(model.ties.source.slice(6), [2, 2]);
  for (const row of [6, 7]) assert.ok(Math.hypot(model.x[row] - 200, model.y[row]) < 250);
  assert.equal(model.nodes.hub[2], 0);
});

test("new nodes do not land on others", () => {
  const model = new MapModel(made());
  model.merge(around(), 2);
  for (let a = 0; a < model.size; a += 1) {
    for (let b = 0; b < a; b += 1) assert.ok(Math.hypot(model.x[a] - model.x[b], model.y[a] - model.y[b]) > 24, `${a} ${b}`);
  }
});

test("an expansion can be taken back", () => {
  const model = new MapModel(made());
  model.merge(around(), 2);
  assert.equal(model.canCollapse(2), true);
  assert.equal(model.collapse(2), 2);
  assert.deepEqual(model.nodes.id, made().nodes.id);
  assert.deepEqual(model.ties.id, made().ties.id);
  assert.equal(model.canCollapse(2), false);
});

test("the same expansion twice adds nothing", () => {
  const model = new MapModel(made());
  model.merge(around(), 2);
  assert.deepEqual(model.merge(around(), 2), { nodes: 0, ties: 0 });
});
