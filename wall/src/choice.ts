// What this screen shows, kept in the URL: a link or a kiosk's start page says it all.

import { WINDOWS } from "./model";

export const DEFAULT_WINDOW = "24h";
const COMPARES = new Set(["previous", "week_ago"]);

export interface Choice {
  window: string;
  team: string | null; // null: everything
  segment: string | null; // of the desk's fourth dimension; null beside a team, and for all of them
  compare: string; // "auto": a week ago where that is kept, else the span before
  lang: string | null; // null: what the browser prefers
  theme: "dark" | "light" | null; // null: what the system prefers
  heroes: string[] | null; // tiles by name; null: our choice
  tiles: string[] | null;
  kiosk: boolean; // nothing below the fold, no controls
}

export function readChoice(search: string): Choice {
  const query = new URLSearchParams(search);
  const window = query.get("window") ?? "";
  const compare = query.get("compare") ?? "";
  const theme = query.get("theme");
  const team = query.get("team") || null;
  return {
    window: WINDOWS.includes(window) ? window : DEFAULT_WINDOW,
    team,
    segment: team === null ? query.get("segment") || null : null, // no figure is kept by both
    compare: COMPARES.has(compare) ? compare : "auto",
    lang: query.get("lang"),
    theme: theme === "dark" || theme === "light" ? theme : null,
    heroes: names(query.get("heroes")),
    tiles: names(query.get("tiles")),
    kiosk: query.has("kiosk") && query.get("kiosk") !== "0",
  };
}

export function writeChoice(choice: Choice): string {
  const query = new URLSearchParams();
  if (choice.window !== DEFAULT_WINDOW) query.set("window", choice.window);
  if (choice.team !== null) query.set("team", choice.team);
  if (choice.segment !== null) query.set("segment", choice.segment);
  if (choice.compare !== "auto") query.set("compare", choice.compare);
  if (choice.lang) query.set("lang", choice.lang);
  if (choice.theme) query.set("theme", choice.theme);
  if (choice.heroes) query.set("heroes", choice.heroes.join(","));
  if (choice.tiles) query.set("tiles", choice.tiles.join(","));
  if (choice.kiosk) query.set("kiosk", "1");
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** The part of the choice that the exporter is asked for. */
export function askedFor(choice: Choice): string {
  const query = new URLSearchParams({ window: choice.window, compare: choice.compare });
  if (choice.team !== null) query.set("team", choice.team);
  if (choice.segment !== null) query.set("segment", choice.segment);
  return query.toString();
}

function names(text: string | null): string[] | null {
  const found = (text ?? "").split(",").map((name) => name.trim()).filter(Boolean);
  return found.length ? found : null;
}
