// Names of members, targets and zones as people read them.

import type { WorstNow } from "./model";
import type { Words } from "./words";

const JOINED = " \u00b7 ";

/** "billing · high · first reply". */
export function worstName(one: Pick<WorstNow, "by" | "member" | "target">, words: Words): string {
  return [memberName(one.by, one.member, words), words.targetNames[one.target] ?? one.target].join(JOINED);
}

export function memberName(by: string, member: string, words: Words): string {
  if (by === "all") return words.everything;
  return member.split(JOINED).map((name) => words.members[name] ?? name).join(JOINED);
}

/** "Madrid" of Europe/Madrid; UTC is UTC. */
export function zoneName(zone: string): string {
  return zone.split("/").at(-1)!.replaceAll("_", " ");
}

/** How large a text may stand, by its length: 1 is the largest. The edges are letters that fit. */
export function fit(text: string, edges: readonly number[]): number {
  const found = edges.findIndex((most) => text.length <= most);
  return found === -1 ? edges.length + 1 : found + 1;
}
