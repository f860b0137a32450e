import assert from "node:assert/strict";
import { test } from "node:test";

import { MapModel } from "../../viz/web/js/model.js";
import { PALETTE } from "../../viz/web/js/palette.js";
import * as words from "../../viz/web/js/words.js";
import { made } from "./made.js";

test("days and periods read as people write them", () => {
  assert.equal(words.day("2026-03-09T10:00:00Z"), "9 March 2026");
  assert.equal(words.period("2026-01-03", "2026-03-04"), "from 3 January 2026 to 4 March 2026");
  assert.equal(words.period("2026-01-03", "2026-01-03"), "on 3 January 2026");
  assert.equal(words.period(null, "2026-03-04"), "until 4 March 2026");
  assert.equal(words.period("2026-03-04", null), "since 4 March 2026");
  assert.equal(words.period(null, null), "dates not known");
});

test("support tells reports, agencies and grades, or that none may be seen", () => {
  const model = new MapModel(made());
  assert.equal(words.support(model, 0), "2 reports · Health, Police · 3x5x2 1 A; not graded by police");
  assert.equal(words.support(model, 2), "no report that may be seen");
});

test("a node is spoken with kind, detail, group, hidden ties and standing", () => {
  const text = words.spoken(new MapModel(made()), 1);
  for (const part of ["Ben Brook", "Child, aged 14", "in Park friends", "4 ties shown", "Friend of: Ana Ávila, confirmed"]) {
    assert.ok(text.includes(part), part);
  }
  assert.ok(words.spoken(new MapModel(made()), 2).includes("248 more not shown"));
});

test("a claim is not turned round when it is told from its other end", () => {
  const model = new MapModel(made());
  assert.ok(words.spoken(model, 1).includes("Cai is reported to target Ben, tentative"));
  assert.ok(words.spoken(model, 2).includes("Targets: Ben Brook, tentative"));
});

test("kind and detail do not say one thing twice", () => {
  const model = new MapModel(made());
  assert.equal(words.about(model, 5), "Peer group");
  assert.equal(words.about(model, 4), "Place, Park");
  assert.equal(words.about(model, 3), "Person, Age not known");
});

test("large numbers have commas", () => {
  assert.equal(words.number(999), "999");
  assert.equal(words.number(1234567), "1,234,567");
});

test("standings differ by dash and polarities by marker, not by colour alone", () => {
  const dashes = Object.values(PALETTE.standings).map((stroke) => stroke.dash.join());
  const markers = Object.values(PALETTE.polarities).map((stroke) => stroke.marker);
  assert.equal(new Set(dashes).size, 3);
  assert.equal(new Set(markers).size, 3);
});

test("children, adults and people of unknown age have different outlines", () => {
  const outlines = ["person_child", "person_adult", "person_unknown"].map((key) => PALETTE.symbols[key].outline);
  assert.equal(new Set(outlines).size, 3);
});
