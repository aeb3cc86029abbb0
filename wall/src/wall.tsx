// The page: a choice from the URL, a line to the exporter, and one drawing of both, at most once a frame.

import { render } from "preact";
import { readChoice, writeChoice, type Choice } from "./choice";
import { conditionOf, type Condition } from "./condition";
import { Format } from "./format";
import { Banner, Controls, Freshness } from "./header";
import { Link, secondsSince, thisMoment } from "./link";
import type { Tile, Wall } from "./model";
import { Changes, Everything, RiskPanel } from "./panels";
import { applyTheme, onSystemTheme } from "./theme";
import { OpenCard, TileCard, WaitingCard, type Tongue } from "./tiles";
import { speak } from "./words";

const HEROES = ["sla_first_reply", "first_response", "unanswered", "csat"];
const TILES = ["resolution", "csat", "nps", "handle_time", "tickets", "resolution_time", "open"];
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

/** Draw soon; however often it is asked for, once a frame. A hidden page has no frames, but its title still tells. */
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
  document.title = `${condition.kind === "live" ? "" : `${tongue.words.states[condition.kind]} \u2013 `}${tongue.words.title}`;
  render(<Screen wall={wall} condition={condition} nowMs={nowMs} />, root);
  announce(condition);
  takeOver(pulse?.version);
}

/** Told once for each change of state, not every second. */
function announce(condition: Condition): void {
  const words = tongue.words;
  const text = condition.kind === "live" ? words.live : `${words.states[condition.kind]}: ${words.why[condition.code] ?? condition.text ?? ""}`;
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
  const unknown = wall !== null && !wall.known && wall.team !== null;
  return (
    <>
      <header>
        <Controls {...common} choice={choice} wall={wall} locale={locale} change={change} />
        {condition.kind === "live" && <Freshness {...common} pulse={pulse} nowMs={nowMs} zone={wall?.zone ?? "UTC"} />}
      </header>
      {condition.kind !== "live" && <Banner {...common} condition={condition} pulse={pulse} />}
      {unknown && <p class="panel unknown">{words.unknownTeam(wall.team ?? "")}</p>}
      {wall !== null && wall.known && <Figures wall={wall} nowMs={nowMs} common={common} />}
      {wall !== null && wall.known && !choice.kiosk && wall.tiles.length > 0 && <Everything wall={wall} {...common} />}
    </>
  );
}

function Figures({ wall, nowMs, common }: { wall: Wall; nowMs: number; common: Tongue }) {
  const has = new Set(["unanswered", "open", ...wall.tiles.map((tile) => tile.id)]);
  const pick = (names: string[], count: number) => names.filter((name) => has.has(name)).slice(0, count);
  const heroes = pick(choice.heroes ?? HEROES, HERO_COUNT);
  const tiles = pick((choice.tiles ?? TILES).filter((name) => !heroes.includes(name)), TILE_COUNT);
  const byName = new Map<string, Tile>(wall.tiles.map((tile) => [tile.id, tile]));
  const card = (name: string, hero: boolean) => {
    const tile = byName.get(name);
    if (tile) return <TileCard key={name} {...common} tile={tile} hero={hero} wall={wall} />;
    if (wall.live === null) return null;
    return name === "open" ? <OpenCard key={name} {...common} live={wall.live} /> : <WaitingCard key={name} {...common} live={wall.live} clock={wall.clock} nowMs={nowMs} hero={hero} />;
  };
  const { risk } = wall;
  return (
    <main data-wall data-as-of={wall.as_of_ms ?? ""} data-window={wall.window} data-team={wall.team ?? ""}>
      <h1 class="only-read">
        {common.words.title}: {wall.team ?? common.words.everything}, {common.words.windows[wall.window]}
      </h1>
      <div class="heroes">{heroes.map((name) => card(name, true))}</div>
      <div class="tiles">{tiles.map((name) => card(name, false))}</div>
      <div class={`panels ${risk ? "two" : "one"}`}>
        {risk && <RiskPanel {...common} risk={risk} sla={wall.sla} nowMs={nowMs} />}
        <Changes {...common} wall={wall} room={risk ? "narrow" : "wide"} />
      </div>
    </main>
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
