// The first line: what is shown, how fresh it is, and the settings; or, when the figures cannot be trusted,
// a banner instead.

import type { Choice } from "./choice";
import type { Condition } from "./condition";
import type { Pulse, Wall } from "./model";
import { zoneName } from "./names";
import { openWords } from "./shift";
import type { Tongue } from "./tiles";
import { LANGUAGES } from "./words";

const OTHER = "other"; // what is folded is nobody's name

interface Props extends Tongue {
  choice: Choice;
  wall: Wall | null;
  locale: string;
  change: (part: Partial<Choice>) => void;
}

export function Controls({ choice, wall, words, locale, change }: Props) {
  const teams = wall?.teams ?? [];
  const known = choice.team === null || teams.includes(choice.team) ? teams : [choice.team, ...teams];
  const periods = wall?.periods ?? ["previous"];
  const compare = wall?.period ?? "previous";
  const periodWords = (period: string) =>
    choice.window === "today" && period === "previous" ? words.yesterday : words.periods[period];
  return (
    <nav class="controls" aria-label={words.settings}>
      <Select
        name="team"
        label={words.team}
        value={choice.team ?? ""}
        pick={(team) => change({ team: team || null, segment: null })}
      >
        {[["", words.everything], ...known.map((team) => [team, team] as [string, string])]}
      </Select>
      {wall !== null && <SegmentChooser choice={choice} wall={wall} words={words} change={change} />}
      <details class="settings">
        <summary aria-label={words.settings}>
          <svg class="sign" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M1 3h8v2H1zm11 0h3v2h-3zM9 1.5h2v5H9zM1 11h3v2H1zm6 0h8v2H7zM4 9.500h2v5H4z" />
          </svg>
        </summary>
        <div class="drawer">
          <Select
            name="compare"
            label={words.compare}
            value={compare}
            pick={(period) => change({ compare: period })}
          >
            {periods.map((period) => [period, periodWords(period) ?? period])}
          </Select>
          <Select
            name="theme"
            label={words.theme}
            value={choice.theme ?? "auto"}
            pick={(theme) => change({ theme: theme === "auto" ? null : (theme as "dark" | "light") })}
          >
            {Object.entries(words.themes)}
          </Select>
          <Select name="lang" label={words.language} value={locale} pick={(lang) => change({ lang })}>
            {LANGUAGES.some(([tag]) => tag === locale) ? LANGUAGES : [[locale, locale], ...LANGUAGES]}
          </Select>
        </div>
      </details>
    </nav>
  );
}

/** The members of the fourth dimension, under the name that the desk gave it; nothing where it has none. */
function SegmentChooser({
  choice,
  wall,
  words,
  change,
}: Pick<Props, "choice" | "words" | "change"> & { wall: Wall }) {
  const shown = wall.segments.map((row) => row.segment).filter((name) => name !== OTHER);
  const chosen = choice.segment;
  if (wall.segment === null || (shown.length === 0 && chosen === null)) return null;
  const known = chosen === null || shown.includes(chosen) ? shown : [chosen, ...shown];
  return (
    <Select
      name="segment"
      label={wall.segment}
      value={chosen ?? ""}
      pick={(segment) => change({ segment: segment || null, team: null })}
    >
      {[
        ["", words.every(wall.segment)],
        ...known.map((name) => [name, words.members[name] ?? name] as [string, string]),
      ]}
    </Select>
  );
}

interface SelectProps {
  name: string;
  label: string;
  value: string;
  pick: (value: string) => void;
  children: [string, string][];
}

export function Select({ name, label, value, pick, children }: SelectProps) {
  return (
    <label class="select">
      <span class="only-read">{label}</span>
      <select name={name} value={value} onChange={(event) => pick(event.currentTarget.value)}>
        {children.map(([key, text]) => (
          <option key={key} value={key} selected={key === value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The desk's own clock with its zone, how fresh the figures are, and who works. */
export function Freshness({
  pulse,
  wall,
  nowMs,
  ...tongue
}: { pulse: Pulse | null; wall: Wall | null; nowMs: number } & Tongue) {
  const { words, format } = tongue;
  if (pulse === null || pulse.as_of_ms === null) return null;
  const zone = wall?.zone ?? "UTC";
  const age = pulse.watermark_ms === null ? null : Math.max(0, (nowMs - pulse.watermark_ms) / 1000);
  const open = wall && openWords(wall, nowMs, tongue);
  return (
    <p class="fresh">
      {open && <span class="open">{open}</span>}
      <span class="clock">
        {format.weekday(pulse.as_of_ms, zone)}{" "}
        <time dateTime={new Date(pulse.as_of_ms).toISOString()}>
          {format.clock(pulse.as_of_ms, zone)}
        </time>{" "}
        <span class="quiet zone">{zoneName(zone)}</span>
      </span>
      <span class="alive">
        <span class="dot" aria-hidden="true" />
        <strong>{words.live}</strong>
      </span>
      <span class="quiet latest">{age === null ? words.noEvent : words.latest(format.age(age))}</span>
    </p>
  );
}

export function Banner({
  condition,
  pulse,
  words,
  format,
}: { condition: Condition; pulse: Pulse | null } & Tongue) {
  const { kind, code, text, seconds } = condition;
  const age = seconds === null ? "" : format.age(Math.max(1, seconds));
  const told =
    kind === "starting"
      ? words.soon
      : seconds === null
        ? ""
        : code === "behind"
          ? words.waiting(age)
          : words.old(age);
  return (
    <section class="banner" data-kind={kind} aria-label={words.states[kind]}>
      <p class="banner-title">
        <strong>{words.states[kind]}</strong> {told && <span>{told}</span>}
      </p>
      <p class="banner-why">
        {words.why[code] ?? text}
        {pulse?.why.slice(1).map((reason) => (
          <span key={reason.code}> {words.why[reason.code] ?? reason.text}</span>
        ))}
      </p>
    </section>
  );
}
