// Whether the figures on the screen can be trusted, decided anew every second.

import type { Pulse } from "./model";
import { secondsSince, type Heard, type Moment } from "./link";

// What is shown is of now, and not all; with any other code it is old.
const INCOMPLETE = new Set(["behind", "reading", "definitions"]);
const QUIET_SECONDS = 6; // the exporter speaks every second

export interface Condition {
  kind: "live" | "stale" | "incomplete" | "starting";
  code: string; // the first reason, see Words.why
  text: string | null; // the exporter's own words, where there are none of ours
  seconds: number | null; // how old the figures are, or for how long events have waited
}

export function conditionOf(heard: Heard, now: Moment): Condition {
  const { pulse, at, trouble } = heard;
  if (pulse === null || at === null) {
    return trouble
      ? { kind: "stale", code: trouble, text: null, seconds: null }
      : { kind: "starting", code: "connecting", text: null, seconds: null };
  }
  const quiet = secondsSince(at, now);
  if (trouble !== null || quiet > QUIET_SECONDS) {
    return { kind: "stale", code: trouble ?? "lost", text: null, seconds: ageAtPulse(pulse) + quiet };
  }
  if (pulse.good) return { kind: "live", code: "", text: null, seconds: null };
  const first = pulse.why[0] ?? { code: "unknown", text: "", seconds: null };
  if (!pulse.ready) return { kind: "starting", code: first.code, text: first.text, seconds: null };
  const kind = INCOMPLETE.has(first.code) ? "incomplete" : "stale";
  return {
    kind,
    code: first.code,
    text: first.text,
    seconds: first.seconds === null ? null : first.seconds + quiet,
  };
}

function ageAtPulse(pulse: Pulse): number {
  return Math.max(0, ...pulse.why.map((reason) => reason.seconds ?? 0));
}
