// The last line of the first screen: good news and slow figures of the chosen window, small.

import { type Tile, type Wall, WINDOWS } from "./model";
import { Select } from "./header";
import type { Tongue } from "./tiles";
import { nameOfWindow } from "./words";

export function Slow({
  wall,
  words,
  format,
  window,
  pick,
}: Tongue & { wall: Wall | null; window: string; pick: (window: string) => void }) {
  const tile = (name: string) => wall?.tiles.find((one) => one.id === name);
  const n = (one: Tile) => words.n(format.brief(one.n));
  const items: string[] = [];
  const [median, most] = [tile("first_response_median"), tile("first_response_p90")];
  const mean = tile("first_response_calendar");
  // By work hours most took no time at all: then the calendar tells how long customers waited.
  const closed = median?.plain === "closed";
  if (closed && mean?.value != null) items.push(words.calendarReply(format.rough("duration", mean.value)));
  else if (!closed && median?.value != null && most?.value != null)
    items.push(
      words.medianReply(format.rough("duration", median.value), format.rough("duration", most.value)),
    );
  const csat = tile("csat");
  if (csat?.value != null) items.push(`CSAT ${format.share(csat.value)} ${n(csat)}`);
  const nps = tile("nps");
  if (nps?.value != null) {
    const text = (value: number) => format.whole(value);
    items.push(
      nps.low !== null && nps.high !== null
        ? `NPS ${text(nps.value)} (${words.range(text(nps.low), text(nps.high))})`
        : `NPS ${text(nps.value)}`,
    );
  }
  if (closed) items.push(words.outOfHours(format.count(median.closed ?? 0), format.count(median.n)));
  return (
    <footer class="slow">
      <Select name="window" label={words.window} value={window} pick={pick}>
        {WINDOWS.map((one) => [one, nameOfWindow(words, one)])}
      </Select>
      <p class="slow-items">
        {items.map((item) => (
          <span key={item}>{item}</span>
        ))}
      </p>
    </footer>
  );
}
