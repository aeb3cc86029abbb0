// The line to the exporter: one stream of server-sent events, opened again with patience whenever it breaks.

import { askedFor, type Choice } from "./choice";
import type { Pulse, Wall } from "./model";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
// A stream that says nothing for this long is given up, although nothing says that it has ended.
const DEAF_MS = 15_000;
const RENEW_MS = 6 * 3600_000; // a new stream now and then renews the log-in of a screen that runs for months
const ASK_MS = 8000;

export type Trouble = "lost" | "full" | "login";

/** What is known. Replaced as a whole, never changed. */
export interface Heard {
  wall: Wall | null;
  pulse: Pulse | null;
  at: Moment | null; // when the last pulse came
  trouble: Trouble | null;
}

/** A moment on two clocks: one that may be set, and one that may stand still while the machine sleeps. */
export interface Moment {
  wall: number;
  steady: number;
}

export function thisMoment(): Moment {
  return { wall: Date.now(), steady: performance.now() };
}

/** Seconds since a moment, by whichever clock has moved further. */
export function secondsSince(then: Moment, now: Moment): number {
  return Math.max(0, now.wall - then.wall, now.steady - then.steady) / 1000;
}

/** Where the page was loaded from, built from the origin.
 *  A page opened as `https://user:password@host/` may fetch nothing relative to itself. */
export function address(path: string): string {
  return new URL(path, location.origin + location.pathname.replace(/[^/]*$/, "")).toString();
}

export class Link {
  heard: Heard = { wall: null, pulse: null, at: null, trouble: null };
  #source: EventSource | null = null;
  #asked = "";
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #opened = thisMoment();

  constructor(readonly onChange: () => void) {}

  /** Show another choice.
   *  What was heard of the former one is forgotten: its figures must not stand under a new title. */
  ask(choice: Choice): void {
    const asked = askedFor(choice);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.heard = { ...this.heard, wall: null };
    this.#failures = 0;
    this.#open();
  }

  /** Called every second. */
  watch(): void {
    if (this.#source === null) return;
    const now = thisMoment();
    const quiet = secondsSince(this.heard.at ?? this.#opened, now) * 1000;
    if (Math.min(quiet, secondsSince(this.#opened, now) * 1000) > DEAF_MS) this.#fail();
    else if (secondsSince(this.#opened, now) * 1000 > RENEW_MS) this.#open();
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#opened = thisMoment();
    const source = (this.#source = new EventSource(address(`api/stream?${this.#asked}`)));
    source.addEventListener("wall", (event) => {
      if (source === this.#source) this.#tell({ wall: JSON.parse(event.data) as Wall });
    });
    source.addEventListener("pulse", (event) => {
      if (source !== this.#source) return;
      this.#failures = 0;
      this.#tell({ pulse: JSON.parse(event.data) as Pulse, at: thisMoment(), trouble: null });
    });
    source.addEventListener("error", () => {
      if (source === this.#source) this.#fail();
    });
  }

  #fail(): void {
    this.#source?.close();
    this.#source = null;
    this.#tell({ trouble: this.heard.trouble ?? "lost" });
    const pause =
      Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++) * (0.75 + Math.random() / 2);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#again(), pause);
  }

  /** A stream that is refused does not say why; a plain request does. */
  async #again(): Promise<void> {
    const asked = this.#asked;
    let status = 0;
    let room = false;
    try {
      const answer = await fetch(address(`api/wall?${asked}`), {
        cache: "no-store",
        signal: AbortSignal.timeout(ASK_MS),
      });
      status = answer.status;
      room = status === 200 && ((await answer.json()) as { pulse: Pulse }).pulse.room;
    } catch {
      // no answer
    }
    if (asked !== this.#asked || this.#source !== null) return;
    if (status === 401) {
      this.#tell({ trouble: "login" });
      location.reload(); // the exporter answers with its log-in
    } else if (room) {
      this.#open();
    } else {
      this.#tell({ trouble: status === 200 ? "full" : "lost" });
      this.#fail();
    }
  }

  #tell(news: Partial<Heard>): void {
    this.heard = { ...this.heard, ...news };
    this.onChange();
  }
}
