import assert from "node:assert/strict";
import { test } from "node:test";
import { Format } from "../src/format";

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");
const spain = new Format("es-ES");
const mexico = new Format("es-MX");
const britain = new Format("en-GB");

test("per cent as the place writes it", () => {
  assert.equal(plain(spain.text("ratio", 0.8125)), "81,25 %");
  assert.match(plain(mexico.text("ratio", 0.8125)), /^81\.25 ?%$/);
  assert.equal(britain.text("ratio", 0.8125), "81.25%");
  assert.equal(britain.text("ratio", 0.9), "90.0%");
  assert.equal(plain(spain.share(0.712)), "71 %");
});

test("durations have two units, and a minute less a bit is a minute", () => {
  const told: [number, string][] = [
    [0.25, "0.25 s"],
    [1, "1 s"],
    [59.4, "59 s"],
    [59.7, "1 min"],
    [240, "4 min"],
    [250, "4 min 10 s"],
    [3599.6, "1 h"],
    [3600, "1 h"],
    [38_280, "10 h 38 min"],
    [86_399, "1 d"],
    [90_000, "1 d 1 h"],
    [351_350, "4 d 2 h"],
  ];
  for (const [seconds, text] of told) assert.equal(plain(britain.text("duration", seconds)), text);
  assert.equal(plain(spain.text("duration", 0.25)), "0,25 s");
});

test("a unit is a piece of its own, to be written smaller", () => {
  assert.deepEqual(britain.pieces("duration", 65).map((piece) => piece.unit), [false, true, false, true]);
  assert.deepEqual(spain.pieces("ratio", 0.5).map((piece) => plain(piece.text)), ["50,0", " %"]);
});

test("a comparison is short", () => {
  const told: [Parameters<Format["rough"]>, string][] = [
    [["duration", 250], "4.2 min"],
    [["duration", 2400], "40 min"],
    [["duration", 38_280], "11 h"],
    [["duration", 42], "42 s"],
    [["ratio", 0.8875], "88.8%"],
    [["points", -12.34], "-12.3"],
  ];
  for (const [given, text] of told) assert.equal(plain(britain.rough(...given)), text);
});

test("scores, counts and rates", () => {
  assert.equal(britain.text("points", 40), "+40");
  assert.equal(spain.text("points", -12.34), "-12,3");
  assert.equal(britain.text("points", 0), "0");
  assert.equal(britain.text("score", 4.0816), "4.08");
  assert.equal(britain.text("count", 12_345), "12,345");
  assert.equal(spain.text("count", 12_345), "12.345");
  assert.equal(mexico.text("count", 12_345), "12,345");
  assert.equal(britain.text("rate", 12.34), "12.3");
  assert.equal(britain.text("rate", 240.4), "240");
  assert.equal(britain.brief(9_999), "9,999");
  assert.equal(britain.brief(12_345), "12k");
});

test("nobody's figure is a dash", () => {
  assert.equal(britain.text("ratio", null), "\u2013");
});

test("a distance is relative for times, in points for ratios, and nothing when both read the same", () => {
  assert.deepEqual(britain.distance("duration", 480, 240), { text: "100%", points: false });
  assert.deepEqual(britain.distance("ratio", 0.8125, 0.875), { text: "6.3", points: true });
  assert.deepEqual(britain.distance("ratio", 0.5, 0.9), { text: "40", points: true });
  assert.deepEqual(britain.distance("points", 40, 45), { text: "5", points: true });
  assert.deepEqual(britain.distance("count", 12, 0), { text: "12", points: false });
  assert.equal(britain.distance("ratio", 0.81251, 0.81249), null);
});

test("times are those of the desk, with the day where it is not today", () => {
  const noon = Date.UTC(2026, 2, 2, 12);
  assert.equal(britain.clock(noon, "Europe/Madrid"), "13:00:00");
  assert.equal(britain.moment(noon - 3_600_000, noon, "UTC"), "11:00");
  assert.equal(britain.moment(noon - 86_400_000, noon, "UTC"), "1 Mar 12:00");
});

test("an age is told in whole units", () => {
  const told: [number, string][] = [
    [0.4, "0 s"],
    [75, "75 s"],
    [134, "2 min"],
    [7_000, "116 min"],
    [7_300, "2 h"],
    [100_000, "27 h"],
    [300_000, "3 d"],
  ];
  for (const [seconds, text] of told) assert.equal(plain(britain.age(seconds)), text);
});
