// The page: a choice from the URL, a line to the exporter, and one drawing of both, at most once a frame.

import { render } from "preact";
import { readChoice, writeChoice, type Choice } from "./choice";
import { conditionOf, type Condition } from "./condition";
import { Format } from "./format";
import { Banner, Controls, Freshness } from "./header";
import { Link, secondsSince, thisMoment } from "./link";
import type { Tile, Wall } from "./model";
import { Changes, Everything, RiskPanel } from "./panels";
import {
  InTime,
  NextHour,
  NoPolicy,
  Open,
  Overdue,
  Unanswered,
  Waiting,
  WorstCard,
  type ShiftProps,
} from "./shift";
import { Slow } from "./slow";
import { TeamLists, Teams } from "./teams";
import { applyTheme, onSystemTheme } from "./theme";
import { TileCard, type Tongue } from "./tiles";
import { nameOfWindow, speak } from "./words";

const FACTS = { unanswered: Unanswered, waiting: Waiting, overdue: Overdue, open: Open, in_time: InTime };
const PROMISED = new Set(["overdue", "in_time"]); // only where something is promised
const TILES = ["unanswered", "overdue", "open", "in_time", "csat", "resolution_time", "nps"];
const LEADS = ["first_response", "tickets"]; // large, where nothing is promised
const OF_A_SEGMENT = ["resolution", "nps", "handle_time"]; // large, where nothing is promised to it
const HERO_COUNT = 3;
const TILE_COUNT = 4;
const RELOADED = "deskpulse-reloaded";

let choice = readChoice(location.search);
let tongue = speak(choice.lang ? [choice.lang, ...navigator.languages] : navigator.languages);
let format = new Format(tongue.locale);
let version: string | null = null;
let drawing = false;
let announced = "";
const root = document.getElementById("wall")!;
const link = new Link(draw);

function change(part: Partial<Choice>): void {
  const next = { ...choice, ...part };
  history.pushState(null, "", writeChoice(next) || location.pathname);
  show(next);
}

function show(next: Choice): void {
  choice = next;
  tongue = speak(choice.lang ? [choice.lang, ...navigator.languages] : navigator.languages);
  if (tongue.locale !== format.locale) format = new Format(tongue.locale);
  document.documentElement.lang = tongue.locale;
  applyTheme(choice.theme);
  document.documentElement.classList.toggle("kiosk", choice.kiosk);
  link.ask(choice);
  draw();
}

/** Draw soon; however often it is asked for, once a frame.
 *  A hidden page has no frames, but its title still says how things are. */
function draw(): void {
  if (drawing) return;
  drawing = true;
  const now = () => {
    drawing = false;
    paint();
  };
  if (document.visibilityState === "visible") requestAnimationFrame(now);
  else setTimeout(now, 500);
}

function paint(): void {
  const now = thisMoment();
  const { wall, pulse, at } = link.heard;
  const condition = conditionOf(link.heard, now);
  const nowMs = pulse !== null && at !== null ? pulse.now_ms + secondsSince(at, now) * 1000 : now.wall;
  document.documentElement.dataset.state = condition.kind;
  document.title = `${
    condition.kind === "live" ? "" : `${tongue.words.states[condition.kind]} \u2013 `
  }${titleOf(wall)}`;
  render(<Screen wall={wall} condition={condition} nowMs={nowMs} />, root);
  announce(condition);
  takeOver(pulse?.version);
}

/** What is shown here: the name of the desk, as several may stand beside each other. */
function titleOf(wall: Wall | null): string {
  return wall?.desk ? `${tongue.words.title} \u00b7 ${wall.desk}` : tongue.words.title;
}

/** Told once for each change of state, not every second. */
function announce(condition: Condition): void {
  const words = tongue.words;
  const text =
    condition.kind === "live"
      ? words.live
      : `${words.states[condition.kind]}: ${words.why[condition.code] ?? condition.text ?? ""}`;
  if (text === announced) return;
  announced = text;
  document.getElementById("announcer")!.textContent = text;
}

/** The exporter was upgraded: load its page, once for each version. */
function takeOver(told: string | undefined): void {
  if (told === undefined || told === version) return;
  if (version !== null && sessionStorage.getItem(RELOADED) !== told) {
    sessionStorage.setItem(RELOADED, told);
    location.reload();
  }
  version = told;
}

function Screen({ wall, condition, nowMs }: { wall: Wall | null; condition: Condition; nowMs: number }) {
  const { words, locale } = tongue;
  const pulse = link.heard.pulse;
  const common: Tongue = { words, format, period: wall?.period ?? "previous" };
  const sure = condition.kind === "live";
  const unknown = wall !== null && !wall.known && unknownWords(wall);
  return (
    <>
      <header>
        <Controls {...common} choice={choice} wall={wall} locale={locale} change={change} />
        {sure && <Freshness {...common} pulse={pulse} wall={wall} nowMs={nowMs} />}
      </header>
      {!sure && <Banner {...common} condition={condition} pulse={pulse} />}
      {unknown && <p class="panel unknown">{unknown}</p>}
      {wall !== null && wall.known && wall.live !== null && (
        <First {...common} wall={wall} nowMs={nowMs} sure={sure} />
      )}
      <Slow
        {...common}
        wall={sure ? wall : null}
        window={choice.window}
        pick={(window) => change({ window })}
      />
      {wall !== null && wall.known && !choice.kiosk && wall.tiles.length > 0 && (
        <Below {...common} wall={wall} nowMs={nowMs} sure={sure} />
      )}
    </>
  );
}

/** That what the address asks for is not there; null where it asks for everything. */
function unknownWords(wall: Wall): string | null {
  const { words } = tongue;
  if (wall.team !== null) return words.unknownTeam(wall.team);
  if (wall.in_segment === null) return null;
  return words.unknownSegment(wall.in_segment, wall.segment ?? words.dimensions.segment!);
}

/** All that one acts on, on one screen. What the address names of tiles takes the places of ours. */
function First(props: ShiftProps) {
  const { wall, words, sure } = props;
  const byName = new Map<string, Tile>(wall.tiles.map((tile) => [tile.id, tile]));
  const has = (name: string) => byName.has(name) || (name in FACTS && (wall.promised || !PROMISED.has(name)));
  const card = (name: string, hero: boolean) => {
    const tile = byName.get(name);
    if (tile) return <TileCard key={name} {...props} tile={tile} hero={hero} />;
    const Fact = FACTS[name as keyof typeof FACTS];
    return <Fact key={name} {...props} />;
  };
  const heroes = (choice.heroes ?? []).filter(has).slice(0, HERO_COUNT);
  // What is shown of a segment is its own: there are no rows of teams, and where nothing is promised no lists.
  const own = wall.in_segment !== null && !wall.promised && heroes.length === 0;
  const leads = wall.policy ? [] : LEADS.filter((name) => has(name) && !heroes.includes(name));
  if (own) heroes.push(...OF_A_SEGMENT.filter((name) => has(name) && !leads.includes(name)));
  const taken = new Set([...heroes, ...leads]);
  const tiles = (choice.tiles ?? TILES).filter((name) => has(name) && !taken.has(name)).slice(0, TILE_COUNT);
  return (
    <main
      data-wall
      data-as-of={wall.as_of_ms ?? ""}
      data-window={wall.window}
      data-team={wall.team ?? ""}
      data-in-segment={wall.in_segment ?? ""}
      data-policy={wall.policy}
    >
      <h1 class="only-read">
        {titleOf(wall)}: {wall.team ?? wall.in_segment ?? words.everything}, {nameOfWindow(words, wall.window)}
      </h1>
      <div class="lead">
        {wall.policy ? (
          <>
            <WorstCard {...props} />
            <NextHour {...props} />
          </>
        ) : (
          <>
            {leads.map((name) => card(name, true))}
            <NoPolicy {...props} />
          </>
        )}
      </div>
      <div class="tiles">{tiles.map((name) => card(name, false))}</div>
      {sure &&
        (heroes.length > 0 ? (
          <div class="heroes">{heroes.map((name) => card(name, true))}</div>
        ) : (wall.team !== null || wall.in_segment !== null) && wall.promised ? (
          <TeamLists {...props} />
        ) : (
          wall.in_segment === null && wall.rows.length > 0 && <Teams {...props} />
        ))}
    </main>
  );
}

/** Below the fold: what changed, what is at risk, and every figure. */
function Below({ sure, ...props }: ShiftProps) {
  const { wall, nowMs } = props;
  return (
    <>
      {sure && (
        <div class={`panels ${wall.risk ? "two" : "one"}`}>
          {wall.risk && <RiskPanel {...props} risk={wall.risk} nowMs={nowMs} />}
          <Changes {...props} />
        </div>
      )}
      <Everything {...props} sure={sure} />
    </>
  );
}

addEventListener("popstate", () => show(readChoice(location.search)));
document.addEventListener("visibilitychange", draw);
onSystemTheme(() => applyTheme(choice.theme));
setInterval(() => {
  link.watch();
  draw();
}, 1000);
show(choice);
