import assert from "node:assert/strict";
import { test } from "node:test";
import { Format } from "../src/format";
import { fit, memberName, worstName, zoneName } from "../src/names";
import { speak } from "../src/words";

const en = speak(["en-GB"]).words;
const es = speak(["es-ES"]).words;

test("what is worst is named by its names and its target", () => {
  const one = { by: "team_priority", member: "billing \u00b7 high", target: "first_reply" };
  assert.equal(worstName(one, en), "billing \u00b7 high \u00b7 first reply");
  assert.equal(worstName(one, es), "billing \u00b7 high \u00b7 primera respuesta");
  const next = { ...one, target: "next_reply" };
  assert.equal(worstName(next, en), "billing \u00b7 high \u00b7 next reply");
  assert.equal(worstName(next, es), "billing \u00b7 high \u00b7 pr\u00f3xima respuesta");
  assert.equal(
    worstName({ by: "all", member: "all", target: "resolution" }, es),
    "Todos los equipos \u00b7 resoluci\u00f3n",
  );
});

test("names that nobody has given are told in words, within a combination too", () => {
  assert.equal(memberName("team_priority", "other \u00b7 unknown", en), "others \u00b7 unknown");
});

test("a zone is called by its place", () => {
  assert.deepEqual(["Europe/Madrid", "America/Argentina/Buenos_Aires", "UTC"].map(zoneName), [
    "Madrid",
    "Buenos Aires",
    "UTC",
  ]);
});

test("a text is as large as its letters fit", () => {
  assert.deepEqual(["", "12345", "123456", "12345678901"].map((text) => fit(text, [5, 10])), [1, 1, 2, 3]);
});

test("an opening is a time today, a weekday within the week, else a date", () => {
  const now = Date.UTC(2026, 2, 13, 15, 0); // a Friday, 16:00 in Madrid
  const told = (days: number) =>
    new Format("en-GB").opening(Date.UTC(2026, 2, 13, 17, 0) + days * 86_400_000, now, "Europe/Madrid");
  assert.deepEqual([told(0), told(3), told(12)], ["18:00", "Mon 18:00", "25 Mar 18:00"]);
});
