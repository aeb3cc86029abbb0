// The first line: what is shown, how fresh it is, and the settings; or, when the figures cannot be trusted, a banner instead.

import type { Choice } from "./choice";
import type { Condition } from "./condition";
import type { Pulse, Wall } from "./model";
import type { Tongue } from "./tiles";
import { LANGUAGES } from "./words";

interface Props extends Tongue {
  choice: Choice;
  wall: Wall | null;
  locale: string;
  change: (part: Partial<Choice>) => void;
}

const WINDOWS = ["15m", "1h", "8h", "24h", "today", "7d", "30d"];

export function Controls({ choice, wall, words, locale, change }: Props) {
  const teams = wall?.teams ?? [];
  const known = choice.team === null || teams.includes(choice.team) ? teams : [choice.team, ...teams];
  const periods = wall?.periods ?? ["previous"];
  const compare = wall?.period ?? "previous";
  const periodWords = (period: string) => (choice.window === "today" && period === "previous" ? words.yesterday : words.periods[period]);
  return (
    <nav class="controls" aria-label={words.settings}>
      <Select name="window" label={words.window} value={choice.window} pick={(window) => change({ window })}>
        {WINDOWS.map((window) => [window, words.windows[window] ?? window])}
      </Select>
      <Select name="team" label={words.team} value={choice.team ?? ""} pick={(team) => change({ team: team || null })}>
        {[["", words.everything], ...known.map((team) => [team, team] as [string, string])]}
      </Select>
      <Select name="compare" label={words.compare} value={compare} pick={(period) => change({ compare: period })}>
        {periods.map((period) => [period, periodWords(period) ?? period])}
      </Select>
      <details class="settings">
        <summary aria-label={words.settings}>
          <svg class="sign" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M1 3h8v2H1zm11 0h3v2h-3zM9 1.5h2v5H9zM1 11h3v2H1zm6 0h8v2H7zM4 9.500h2v5H4z" />
          </svg>
        </summary>
        <div class="drawer">
          <Select name="theme" label={words.theme} value={choice.theme ?? "auto"} pick={(theme) => change({ theme: theme === "auto" ? null : (theme as "dark" | "light") })}>
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

interface SelectProps {
  name: string;
  label: string;
  value: string;
  pick: (value: string) => void;
  children: [string, string][];
}

function Select({ name, label, value, pick, children }: SelectProps) {
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

export function Freshness({ pulse, nowMs, zone, words, format }: { pulse: Pulse | null; nowMs: number; zone: string } & Tongue) {
  if (pulse === null || pulse.as_of_ms === null) return null;
  const age = pulse.watermark_ms === null ? null : Math.max(0, (nowMs - pulse.watermark_ms) / 1000);
  return (
    <p class="fresh">
      <span class="dot" aria-hidden="true" />
      <strong>{words.live}</strong> <time dateTime={new Date(pulse.as_of_ms).toISOString()}>{format.clock(pulse.as_of_ms, zone)}</time>{" "}
      <span class="quiet latest">{age === null ? words.noEvent : words.latest(format.age(age))}</span>
    </p>
  );
}

export function Banner({ condition, pulse, words, format }: { condition: Condition; pulse: Pulse | null } & Tongue) {
  const { kind, code, text, seconds } = condition;
  const age = seconds === null ? "" : format.age(Math.max(1, seconds));
  const told = kind === "starting" ? words.soon : seconds === null ? "" : code === "behind" ? words.waiting(age) : words.old(age);
  return (
    <section class="banner" data-kind={kind} aria-label={words.states[kind]}>
      <p class="banner-title">
        <strong>{words.states[kind]}</strong> {told && <span>{told}</span>}
      </p>
      <p class="banner-why">
        {words.why[code] ?? text}
        {pulse?.why.slice(1).map((reason) => <span key={reason.code}> {words.why[reason.code] ?? reason.text}</span>)}
      </p>
    </section>
  );
}
