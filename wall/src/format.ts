// Figures as people of a place write them. Units of time are the same in English and Spanish.

import type { Tile } from "./model";

export type Kind = Tile["kind"];

/** A piece of a figure: a number, or the unit that is written smaller. */
export interface Piece {
  text: string;
  unit: boolean;
}

const SPACE = "\u00a0";
const UNITS: [string, number][] = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

export class Format {
  readonly #numbers = new Map<string, Intl.NumberFormat>();
  readonly #times = new Map<string, Intl.DateTimeFormat>();

  constructor(readonly locale: string) {}

  /** A figure in pieces, a ratio with so many decimals at the most. A null is nobody's figure: a dash. */
  pieces(kind: Kind, value: number | null, decimals = 2): Piece[] {
    if (value === null) return [{ text: "\u2013", unit: false }];
    switch (kind) {
      case "duration":
        return this.#duration(value);
      case "ratio":
        return this.#parts(
          this.#number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: decimals }),
          value,
        );
      case "points":
        return [
          {
            text: this.#number({ signDisplay: "exceptZero", maximumFractionDigits: 1 }).format(value),
            unit: false,
          },
        ];
      case "score":
        return [
          {
            text: this.#number({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value),
            unit: false,
          },
        ];
      case "rate":
        return [
          {
            text: this.#number({ maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 }).format(value),
            unit: false,
          },
        ];
      case "count":
        return [{ text: this.count(value), unit: false }];
    }
  }

  text(kind: Kind, value: number | null): string {
    return this.pieces(kind, value).map((piece) => piece.text).join(kind === "duration" ? SPACE : "");
  }

  /** A figure to compare with, short: one unit of time, one decimal. */
  rough(kind: Kind, value: number): string {
    if (kind === "ratio") return this.#number({ style: "percent", maximumFractionDigits: 1 }).format(value);
    if (kind !== "duration" || value < 60) return this.text(kind, value);
    const [unit, size] = UNITS.find(([, length]) => value >= length)!;
    const amount = value / size;
    return `${this.#number({ maximumFractionDigits: amount < 10 ? 1 : 0 }).format(amount)}${SPACE}${unit}`;
  }

  count(value: number): string {
    return this.#number({ maximumFractionDigits: 0 }).format(value);
  }

  /** A score without decimals, with its sign. */
  whole(value: number): string {
    return this.#number({ signDisplay: "exceptZero", maximumFractionDigits: 0 }).format(value);
  }

  /** A count for a narrow place: ten thousand and more in thousands. */
  brief(value: number): string {
    return value < 10_000 ? this.count(value) : `${this.count(value / 1000)}k`;
  }

  /** A part of a whole, in full per cent. */
  share(value: number): string {
    return this.#number({ style: "percent", maximumFractionDigits: 0 }).format(value);
  }

  /** The same in pieces; a null is nobody's. */
  sharePieces(value: number | null): Piece[] {
    return value === null
      ? this.pieces("ratio", null)
      : this.#parts(this.#number({ style: "percent", maximumFractionDigits: 0 }), value);
  }

  /** How far a figure is from another, without a sign; null when both are written the same. */
  distance(kind: Kind, value: number, before: number): { text: string; points: boolean } | null {
    if (this.text(kind, value) === this.text(kind, before)) return null;
    const delta = Math.abs(value - before);
    if (kind === "ratio")
      return {
        text: this.#number({ maximumFractionDigits: delta < 0.1 ? 1 : 0 }).format(100 * delta),
        points: true,
      };
    if (kind === "points")
      return { text: this.#number({ maximumFractionDigits: 1 }).format(delta), points: true };
    if (kind === "score" || before <= 0) return { text: this.text(kind, delta), points: false };
    const part = delta / before;
    return {
      text: this.#number({ style: "percent", maximumFractionDigits: part < 0.0095 ? 1 : 0 }).format(part),
      points: false,
    };
  }

  duration(seconds: number): string {
    return this.text("duration", seconds);
  }

  /** How old something is, for a glance: whole units, and two of a unit before the next one is used. */
  age(seconds: number): string {
    const [unit, size] = UNITS.find(([, length]) => seconds >= 2 * length) ?? UNITS.at(-1)!;
    return `${this.count(Math.floor(seconds / size))}${SPACE}${unit}`;
  }

  /** A time of day with seconds; by 24 hours everywhere, so that it is always as wide. */
  clock(ms: number, zone: string): string {
    return this.#time(
      { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
      zone,
    ).format(ms);
  }

  /** The day of the week, short. */
  weekday(ms: number, zone: string): string {
    return this.#time({ weekday: "short" }, zone).format(ms);
  }

  /** When something opens: the time, with the weekday where it is not today; by 24 hours. */
  opening(ms: number, nowMs: number, zone: string): string {
    const day = this.#time({ dateStyle: "short" }, zone);
    const far = ms - nowMs > 6 * 86_400_000;
    const time = this.#time({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, zone).format(ms);
    if (day.format(ms) === day.format(nowMs)) return time;
    return `${
      far ? this.#time({ day: "numeric", month: "short" }, zone).format(ms) : this.weekday(ms, zone)
    } ${time}`;
  }

  /** A moment: the time of day, and the day where it is not today. */
  moment(ms: number, nowMs: number, zone: string): string {
    const day = this.#time({ dateStyle: "short" }, zone);
    const time = this.#time({ timeStyle: "short" }, zone).format(ms);
    return day.format(ms) === day.format(nowMs)
      ? time
      : `${this.#time({ day: "numeric", month: "short" }, zone).format(ms)} ${time}`;
  }

  #duration(exactly: number): Piece[] {
    if (exactly < 1)
      return [
        { text: this.#number({ maximumFractionDigits: 2 }).format(exactly), unit: false },
        { text: "s", unit: true },
      ];
    // Rounded to what is shown: a minute less a bit is a minute.
    const coarse = exactly < 3600 ? 1 : exactly < 86400 ? 60 : 3600;
    const seconds = Math.round(exactly / coarse) * coarse;
    const first = UNITS.findIndex(([, size]) => seconds >= size);
    const [unit, size] = UNITS[first]!;
    const lead = Math.floor(seconds / size);
    const pieces = [{ text: this.count(lead), unit: false }, { text: unit, unit: true }];
    const next = UNITS[first + 1];
    const rest = next ? Math.floor((seconds - lead * size) / next[1]) : 0;
    if (next && rest) pieces.push({ text: this.count(rest), unit: false }, { text: next[0], unit: true });
    return pieces;
  }

  #parts(format: Intl.NumberFormat, value: number): Piece[] {
    const parts = format.formatToParts(value);
    const isUnit = (type: string) => type === "percentSign" || type === "literal";
    const join = (unit: boolean) =>
      parts
        .filter((part) => isUnit(part.type) === unit)
        .map((part) => part.value)
        .join("");
    return [
      { text: join(false), unit: false },
      { text: join(true), unit: true },
    ];
  }

  #number(options: Intl.NumberFormatOptions): Intl.NumberFormat {
    return kept(this.#numbers, JSON.stringify(options), () => new Intl.NumberFormat(this.locale, options));
  }

  #time(options: Intl.DateTimeFormatOptions, zone: string): Intl.DateTimeFormat {
    const all = { ...options, timeZone: zone };
    return kept(this.#times, JSON.stringify(all), () => new Intl.DateTimeFormat(this.locale, all));
  }
}

function kept<T>(known: Map<string, T>, key: string, make: () => T): T {
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = make()));
  return found;
}
