// Tiles: a figure with its trend, its band in colour and in words, its number of observations, and the figure
// before.

import type { Format, Piece } from "./format";
import type { Live, Tile, Wall } from "./model";
import { Spark } from "./spark";
import { shortWindow, type Words } from "./words";

const HERO_LETTERS = 29; // as many fit above a large figure

export interface Tongue {
  words: Words;
  format: Format;
  period: string; // compared with
}

interface TileProps extends Tongue {
  tile: Tile;
  hero: boolean;
  wall: Wall;
  sure: boolean; // the figures can be trusted: without that nothing is praised or blamed
}

export function TileCard({ tile, hero, wall, sure, words, format, period }: TileProps) {
  const band = tile.band ?? "plain";
  const name = tileName(tile, wall, words, hero, HERO_LETTERS);
  return (
    <section
      class={`card ${hero ? "hero" : "tile"}`}
      data-tile={tile.id}
      data-band={band}
      data-value={tile.value ?? ""}
      data-n={tile.n}
      aria-label={tileName(tile, wall, words, true)}
    >
      <h2 class="label">{name}</h2>
      <div class="figure">
        <p class="value">
          {tile.plain === "closed" && tile.shown === null ? (
            <span class="word">{words.allOutOfHours}</span>
          ) : (
            <Figure pieces={format.pieces(tile.kind, tile.shown, 1)} />
          )}
        </p>
        <div class="trend">
          {tile.trend && (
            <Spark
              trend={tile.trend}
              before={tile.trend.shape === "line" ? (tile.compared?.value ?? null) : null}
              label={trendLabel(tile, words, format)}
            />
          )}
        </div>
      </div>
      <p class="facts">
        {sure && <BandChip tile={tile} words={words} format={format} hero={hero} />}
        <span class={tile.plain === "closed" ? "n only-read" : "n"}>
          {words.n(
            hero && tile.n_all !== null
              ? words.partOf(format.brief(tile.n), format.brief(tile.n_all))
              : format.brief(tile.n),
          )}
          <span class="only-read"> {words.observed[tile.of]}</span>
        </span>
      </p>
      <p class="compared">
        {tile.low !== null && tile.high !== null ? (
          <span class="quiet">{words.interval(format.whole(tile.low), format.whole(tile.high))}</span>
        ) : (
          sure && <Compared tile={tile} words={words} format={format} period={period} hero={hero} />
        )}
      </p>
    </section>
  );
}

export function Figure({ pieces }: { pieces: Piece[] }) {
  return (
    <>
      {pieces.map((piece) =>
        piece.unit ? <span class="unit">{piece.text}</span> : <span class="digits">{piece.text}</span>,
      )}
    </>
  );
}

/** The name, and how the tile differs from the choice: another window, one channel; and by which clock,
 *  where there are two. */
export function tileName(
  tile: Tile,
  wall: Pick<Wall, "team" | "in_segment" | "window" | "clock">,
  words: Words,
  long: boolean,
  room = Infinity,
): string {
  const [whole, short] = words.tiles[tile.id] ?? [tile.id, tile.id];
  const more: string[] = [];
  if (tile.by !== "all" && tile.member !== (wall.team ?? wall.in_segment)) more.push(tile.member);
  if (tile.window !== null && tile.window !== wall.window) more.push(shortWindow(words, tile.window));
  if (tile.clock === "business" && long) more.push(words.business);
  if (tile.clock === "calendar" && wall.clock !== null && !tile.id.endsWith("_calendar"))
    more.push(wall.in_segment === null ? words.always : words.calendar); // calendars belong to teams
  const name = (first: string) => [first, ...more].join(" \u00b7 ");
  return long && name(whole).length <= room ? name(whole) : name(short);
}

function trendLabel(tile: Tile, words: Words, format: Format): string {
  const values = (tile.trend?.values ?? []).filter((value) => value !== null);
  if (!values.length) return words.nothing;
  const text = (value: number | undefined) => format.text(tile.kind, value ?? null);
  return words.trend(
    text(values[0]),
    text(values.at(-1)),
    text(Math.min(...values)),
    text(Math.max(...values)),
  );
}

export function BandChip({
  tile,
  words,
  format,
  hero,
}: {
  tile: Tile;
  words: Words;
  format: Format;
  hero: boolean;
}) {
  if (tile.band !== null) {
    return (
      <span class="chip" data-band={tile.band}>
        <Sign band={tile.band} />
        {words.bands[tile.band]}
        {hero && tile.objective !== null && ` ${format.share(tile.objective)}`}
      </span>
    );
  }
  const why = plainWords(tile, words, format);
  return why ? <span class="chip plain">{why}</span> : null;
}

/** Why there is no colour. */
export function plainWords(tile: Tile, words: Words, format: Format): string {
  switch (tile.plain) {
    case "window":
      return words.bandOf(tile.stated.map((window) => shortWindow(words, window)).join(", "));
    case "channel":
      return words.bandOf(tile.stated.join(", "));
    case "closed":
      return words.outOfHours(format.brief(tile.closed ?? 0), format.brief(tile.n));
    case "objective":
      return tile.objective === null ? "" : words.objective(format.share(tile.objective));
    case "few":
      return tile.value === null ? words.nothing : words.few(format.count(tile.n < 10 ? 10 : tile.n + 1));
    default:
      return "";
  }
}

/** The sign beside the word: the better, the higher; told without colour. */
export function Sign({ band }: { band: string }) {
  const paths: Record<string, string> = {
    exceptional: "M8 1 15 8H1zM8 8l7 7H1z",
    above: "M8 3l7 10H1z",
    met: "M8 3l7 10H1z",
    typical: "M2 5h12v6H2z",
    below: "M8 13 1 3h14z",
    missed: "M8 13 1 3h14z",
  };
  return (
    <svg class="sign" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[band] ?? ""} />
    </svg>
  );
}

export function Compared({ tile, words, format, period, hero }: { tile: Tile; hero: boolean } & Tongue) {
  const then = tile.compared;
  if (tile.shown === null || tile.value === null || then === null)
    return <span class="quiet">{words.noComparison}</span>;
  const was = words.was(format.rough(tile.kind, then.value));
  const moved = format.distance(tile.kind, tile.value, then.value);
  return (
    <>
      <span class="change" data-verdict={moved ? then.verdict : "same"}>
        {moved ? changeWords(moved, then.verdict, tile.value > then.value, words) : words.same}
      </span>
      {hero && moved && (
        <span class="was">
          {" \u00b7 "}
          {was}
        </span>
      )}
      {tile.closed !== null && tile.closed > 0 && (
        <span class="was">
          {" \u00b7 "}
          {words.leftOut(format.brief(tile.closed))}
        </span>
      )}
      {!hero && <span class="only-read">, {was} {words.ago[period]}</span>}
    </>
  );
}

export function changeWords(
  moved: { text: string; points: boolean },
  verdict: string,
  up: boolean,
  words: Words,
): string {
  const told =
    verdict === "better" ? words.better : verdict === "worse" ? words.worse : up ? words.more : words.fewer;
  return `${up ? "\u2191" : "\u2193"}\u00a0${moved.text}${
    moved.points ? `\u00a0${words.points(moved.text)}` : ""
  } ${told}`;
}

/** How old what waits is, as one bar. */
export function Ages({ live, words, format }: { live: Live; words: Words; format: Format }) {
  const all = live.ages.reduce((sum, count) => sum + count, 0);
  const label = live.ages.map((count, place) => `${words.ages[place]}: ${format.count(count)}`).join("; ");
  let from = 0;
  return (
    <svg class="ages" viewBox="0 0 400 100" preserveAspectRatio="none" role="img" aria-label={label}>
      {live.ages.map((count, place) => {
        const width = all ? (count / all) * 400 : 0;
        const x = from;
        from += width;
        return (
          <rect
            key={place}
            class={`age age-${place}`}
            x={x}
            y="0"
            width={Math.max(0, width - (width > 6 ? 3 : 0))}
            height="100"
          />
        );
      })}
    </svg>
  );
}
