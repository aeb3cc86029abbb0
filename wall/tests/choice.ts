import assert from "node:assert/strict";
import { test } from "node:test";
import { askedFor, readChoice, writeChoice } from "../src/choice";
import { speak } from "../src/words";

test("an address without parameters is the default, and is written without any", () => {
  const choice = readChoice("");
  assert.deepEqual([choice.window, choice.team, choice.compare, choice.kiosk], ["24h", null, "auto", false]);
  assert.equal(writeChoice(choice), "");
});

test("a choice survives its address", () => {
  const search =
    "?window=1h&team=caf%C3%A9+%26+co&compare=previous&lang=es-MX&theme=light" +
    "&heroes=csat%2Cnps&tiles=tickets&kiosk=1";
  assert.deepEqual(readChoice(writeChoice(readChoice(search))), readChoice(search));
  assert.equal(readChoice(search).team, "café & co");
});

test("what cannot be is not believed", () => {
  const choice = readChoice("?window=2h&compare=ever&theme=pink&team=&heroes=,&kiosk=0");
  assert.deepEqual(choice, readChoice(""));
});

test("a segment survives its address, and gives way to a team", () => {
  const choice = readChoice("?segment=Pro%2B+%2650");
  assert.deepEqual([choice.team, choice.segment], [null, "Pro+ &50"]);
  assert.deepEqual(readChoice(writeChoice(choice)), choice);
  assert.equal(askedFor(choice), "window=24h&compare=auto&segment=Pro%2B+%2650");
  assert.deepEqual(readChoice("?team=a&segment=gold"), readChoice("?team=a"));
});

test("the exporter is asked for what it knows of", () => {
  assert.equal(askedFor(readChoice("?window=1h&team=a%26b&theme=dark")), "window=1h&compare=auto&team=a%26b");
});

test("the first language that we speak is spoken, with the numbers of its place", () => {
  assert.equal(speak(["de-DE", "es-MX", "en"]).locale, "es-MX");
  assert.equal(speak(["es"]).words.live, "En vivo");
  assert.equal(speak(["fr"]).locale, "en-GB");
  assert.equal(speak(["en_x!", "en-US"]).locale, "en-US");
});
