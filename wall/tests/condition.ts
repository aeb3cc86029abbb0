import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionOf } from "../src/condition";
import { secondsSince, type Heard } from "../src/link";
import type { Pulse } from "../src/model";
import { reach } from "../src/spark";

const at = { wall: 1_000_000, steady: 5_000 };
const after = (seconds: number) => ({ wall: at.wall + seconds * 1000, steady: at.steady + seconds * 1000 });
const pulse = (change: Partial<Pulse> = {}): Pulse => ({
  now_ms: 0,
  as_of_ms: 0,
  watermark_ms: 0,
  ready: true,
  good: true,
  why: [],
  room: true,
  version: "1",
  ...change,
});
const heard = (change: Partial<Heard> = {}): Heard => ({
  wall: null,
  pulse: pulse(),
  at,
  trouble: null,
  ...change,
});
const why = (code: string, seconds: number | null = null) =>
  pulse({ good: false, why: [{ code, text: "because", seconds }] });

test("a fresh and good pulse is live", () => {
  assert.equal(conditionOf(heard(), after(2)).kind, "live");
});

test("silence is stale, and its age is told from the last pulse on", () => {
  assert.equal(conditionOf(heard(), after(5.9)).kind, "live");
  assert.deepEqual(conditionOf(heard(), after(61)), { kind: "stale", code: "lost", text: null, seconds: 61 });
});

test("age adds up: Kafka was silent for 12 s when the exporter was heard last, 30 s ago", () => {
  assert.equal(conditionOf(heard({ pulse: why("silent", 12) }), after(30)).seconds, 42);
});

test("a broken line is stale at once", () => {
  assert.deepEqual(conditionOf(heard({ trouble: "full" }), after(1)), {
    kind: "stale",
    code: "full",
    text: null,
    seconds: 1,
  });
});

test("events that wait make figures incomplete, a silent Kafka makes them stale", () => {
  assert.deepEqual(conditionOf(heard({ pulse: why("behind", 20) }), after(1)), {
    kind: "incomplete",
    code: "behind",
    text: "because",
    seconds: 21,
  });
  for (const code of ["silent", "stuck", "failed", "fault"])
    assert.equal(conditionOf(heard({ pulse: why(code) }), after(1)).kind, "stale");
});

test("without figures it is starting, whatever the reason", () => {
  assert.equal(
    conditionOf(
      heard({
        pulse: pulse({ ready: false, good: false, why: [{ code: "reading", text: "", seconds: null }] }),
      }),
      after(1),
    ).kind,
    "starting",
  );
  assert.equal(conditionOf(heard({ pulse: null, at: null }), after(1)).code, "connecting");
  assert.equal(conditionOf(heard({ pulse: null, at: null, trouble: "lost" }), after(1)).kind, "stale");
});

test("a clock that is set back or stands still does not make figures young", () => {
  assert.equal(secondsSince(at, { wall: at.wall - 3_600_000, steady: at.steady + 9_000 }), 9);
  assert.equal(secondsSince(at, { wall: at.wall + 9_000, steady: at.steady }), 9);
});

test("a trend that hardly moves is drawn flat, and a gap is no zero", () => {
  const [low, high] = reach([100, null, 101], null);
  assert.ok(high - low >= 8 && low > 90);
  assert.deepEqual(reach([null], null), [0, 1]);
  assert.deepEqual(reach([10, 20], 40), [10, 40]);
});
