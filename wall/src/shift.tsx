// The first screen's upper half: what is wrong now, what will be within the hour, and the four figures that
// one acts on.

import type { ComponentChildren } from "preact";
import type { Endangered, SlaTarget, TeamRow, Wall, WorstNow } from "./model";
import { fit, memberName, worstName } from "./names";
import type { Piece } from "./format";
import { Ages, Figure, type Tongue } from "./tiles";
import { nameOfWindow } from "./words";

const DOT = " \u00b7 ";
const NAME_LETTERS = [36, 44, 58]; // that fit at each size of the name of the worst
const SECOND_LETTERS = 58;
const NEW_MS = 5 * 60_000; // so long what has just been listed has a frame that comes and goes
const DAY_MS = 86_400_000;
const LATE_DIGITS = [4, 6]; // of "32 of 90", at each size

export interface ShiftProps extends Tongue {
  wall: Wall;
  nowMs: number;
  sure: boolean; // the figures can be trusted
}

export function target(wall: Wall, name: string): SlaTarget | undefined {
  return wall.sla.find((one) => one.target === name);
}

const REPLIES = ["first_reply", "next_reply"];

/** First and next replies together, as far as they are promised; undefined where neither is. */
export function replies(wall: Wall) {
  const found = wall.sla.filter((one) => REPLIES.includes(one.target));
  if (found.length === 0) return undefined;
  const sum = (part: (one: SlaTarget) => number) => found.reduce((total, one) => total + part(one), 0);
  const n = sum((one) => one.n);
  const objectives = new Set(found.map((one) => one.objective).filter((share) => share !== null));
  return {
    breached: sum((one) => one.breached ?? 0),
    soon: sum((one) => one.due["15m"] ?? 0),
    newest_ms: found.reduce<number | null>(
      (latest, { newest_ms: ms }) => (ms === null || (latest !== null && latest > ms) ? latest : ms),
      null,
    ),
    n,
    ratio: n === 0 ? null : sum((one) => Math.round((one.ratio ?? 0) * one.n)) / n,
    objective: objectives.size === 1 ? [...objectives][0]! : null, // null where they differ
  };
}

/** By which dimension the wall is chosen. */
function chosenBy(wall: Wall): string {
  if (wall.team !== null) return "team";
  return wall.in_segment === null ? "all" : "segment";
}

export function isReply(target: string): boolean {
  return REPLIES.includes(target);
}

/** Worst now. Red only when something is listed; without sure figures it says nothing but that. */
export function WorstCard(props: ShiftProps) {
  const { wall, words, sure, nowMs } = props;
  const [first, ...rest] = wall.worst;
  const state = !sure
    ? "unsure"
    : first
      ? "below"
      : shut(wall)
        ? "closed"
        : wall.sla.some((one) => one.n > 0)
          ? "kept"
          : "empty";
  return (
    <section
      class="card worst"
      data-worst={state}
      data-new={state === "below" && nowMs - first!.since_ms < NEW_MS}
      aria-labelledby="worst-title"
    >
      <h2 id="worst-title" class="label">
        {state === "below" && <Warning />}
        {words.worstNow}
      </h2>
      {state === "unsure" ? (
        <Said title={words.noData} lines={[words.noDataWhy]} />
      ) : first ? (
        <Listed {...props} first={first} rest={rest} />
      ) : (
        <Calm {...props} state={state} />
      )}
    </section>
  );
}

/** Every team of the choice is out of its hours. */
function shut(wall: Wall): boolean {
  const rows = wall.rows.filter((row) => wall.team === null || row.team === wall.team);
  return rows.length > 0 && rows.every((row) => row.open_now === false);
}

export function Warning() {
  return (
    <svg class="sign" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M8 15 .5 2h15z" />
    </svg>
  );
}

function Said({ title, since, lines }: { title: string; since?: string | null; lines: string[] }) {
  return (
    <>
      <div>
        <p class="said">{title}</p>
        {since && <p class="said-since">{since}</p>}
      </div>
      <div class="lines">
        {lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
    </>
  );
}

function Listed({
  wall,
  nowMs,
  words,
  format,
  first,
  rest,
}: ShiftProps & { first: WorstNow; rest: WorstNow[] }) {
  const name = worstName(first, words);
  const [missed, n] = [format.count(first.missed), format.count(first.n)];
  const next =
    rest[0] &&
    `${worstName(rest[0], words)}: ${words.lateText(format.count(rest[0].missed), format.count(rest[0].n))}`;
  // A second one that is too long for its line is counted instead.
  const second = next && next.length <= SECOND_LETTERS ? next : null;
  const further = rest.length - (second ? 1 : 0);
  const facts = [
    nameOfWindow(words, first.window),
    words.since(format.moment(first.since_ms, nowMs, wall.zone)),
    first.overdue ? words.overdueNow(format.count(first.overdue)) : null,
  ];
  return (
    <>
      <p class="worst-name" data-fit={fit(name, NAME_LETTERS)}>
        {name}
      </p>
      <div
        class="worst-figures"
        data-fit={name.length > NAME_LETTERS.at(-1)! ? 3 : fit(missed + n, LATE_DIGITS)}
        data-missed={first.missed}
        data-n={first.n}
      >
        <p class="value">
          <span class="digits">{missed}</span> <span class="unit">{words.lateOf[0]}</span>{" "}
          <span class="digits">{n}</span> <span class="unit">{words.lateOf[1]}</span>
        </p>
        <p class="worst-promise">
          <span>{words.ofPromised(format.share(first.ratio), format.share(first.objective))}</span>{" "}
          <span>{words.excess(format.count(first.excess))}</span>
        </p>
      </div>
      <div class="lines">
        <p>{facts.filter(Boolean).join(DOT)}</p>
        {rest.length > 0 && (
          <p class="second">
            {second && (
              <>
                {words.secondWorst} <strong>{second}</strong>
              </>
            )}
            {second && further > 0 && DOT}
            {further > 0 && words.furtherOnes(format.count(further))}
          </p>
        )}
      </div>
    </>
  );
}

function Calm({ wall, nowMs, words, format, state }: ShiftProps & { state: string }) {
  const opens = Math.min(
    ...wall.rows
      .filter((row) => wall.team === null || row.team === wall.team)
      .map((row) => row.opens_ms ?? Infinity),
  );
  const lines = wall.sla
    .filter((one) => one.n > 0 && one.ratio !== null)
    .map((one) =>
      words.inTimeOf(
        format.count(Math.round(one.ratio! * one.n)),
        format.count(one.n),
        words.targetsMany[one.target] ?? one.target,
        one.objective === null ? "\u2013" : format.share(one.objective),
      ),
    );
  const title =
    state === "closed" ? words.closedLong : state === "kept" ? words.nothingBelow : words.noDeadline;
  const first =
    state === "closed" && Number.isFinite(opens)
      ? [words.opens(format.opening(opens, nowMs, wall.zone))]
      : [];
  const kept = lines.length ? [`${words.windows["1h"]}: ${lines[0]}`, ...lines.slice(1)] : [];
  const elsewhere = wall.elsewhere ? [words.elsewhere(format.count(wall.elsewhere))] : [];
  const since =
    state === "kept" && wall.kept_since_ms !== null
      ? keptSince(wall.kept_since_ms, nowMs, wall.zone, words, format)
      : null;
  return <Said title={title} since={since} lines={[...elsewhere, ...first, ...kept].slice(0, 3)} />;
}

/** Since when nothing has been below its objective; the exporter looks back for a day. */
function keptSince(
  sinceMs: number,
  nowMs: number,
  zone: string,
  words: Tongue["words"],
  format: Tongue["format"],
): string {
  return nowMs - sinceMs >= DAY_MS ? words.sinceADay : words.since(format.moment(sinceMs, nowMs, zone));
}

/** What the next hour will bring. */
export function NextHour({ wall, nowMs, words, format, sure }: ShiftProps) {
  const reply = target(wall, "first_reply");
  const next = target(wall, "next_reply");
  const solution = target(wall, "resolution");
  const soon = replies(wall)?.soon ?? 0;
  const known = sure && reply !== undefined && reply.forecast !== null;
  const range =
    known &&
    isSpan(reply) &&
    words.likely(format.count(reply.forecast_low), format.count(reply.forecast_high));
  const due =
    !wall.endangered.length &&
    reply?.next_ms != null &&
    reply.next_ms > nowMs &&
    words.nextDue(format.age((reply.next_ms - nowMs) / 1000));
  return (
    <section class="card next" data-forecast={reply?.forecast ?? ""} aria-labelledby="next-title">
      <h2 id="next-title" class="label">
        {words.nextHour}
      </h2>
      {known ? (
        <p class="next-figure" data-fit={fit(format.count(Math.round(reply.forecast!)), [3])}>
          <span class="value">
            <span class="digits">{format.count(Math.round(reply.forecast!))}</span>
          </span>{" "}
          <span class="next-what">{words.willBeLate(Math.round(reply.forecast!))}</span>
        </p>
      ) : (
        <p class="said">{sure ? words.noForecast : "\u2013"}</p>
      )}
      <div class="lines">
        {sure && <Soon endangered={wall.endangered} soon={soon} words={words} format={format} />}
        {sure && reply && (
          <p class="quiet whole">
            {range && <span>{range}</span>}
            {due && <span>{due}</span>}
          </p>
        )}
        {known && !wall.endangered.length && (
          <p class="quiet whole">
            {next && next.forecast !== null && <span>{words.nextLate(format.count(next.forecast))}</span>}
            {solution && solution.forecast !== null && (
              <span>{words.solutionsLate(format.count(solution.forecast))}</span>
            )}
            {solution && isSpan(solution) && (
              <span>
                {words.range(format.count(solution.forecast_low), format.count(solution.forecast_high))}
              </span>
            )}
          </p>
        )}
      </div>
    </section>
  );
}

/** Whether a forecast has an interval that is more than one number. */
function isSpan(one: SlaTarget): one is SlaTarget & { forecast_low: number; forecast_high: number } {
  return (
    one.forecast_low !== null &&
    one.forecast_high !== null &&
    Math.round(one.forecast_low) !== Math.round(one.forecast_high)
  );
}

function Soon({
  endangered,
  soon,
  words,
  format,
}: { endangered: Endangered[]; soon: number } & Pick<Tongue, "words" | "format">) {
  const first = endangered[0];
  if (first) {
    return (
      <>
        <p class="warm endangered">{memberName(first.by, first.member, words)}</p>
        <p class="warm">{words.endangered(format.count(first.waiting), format.count(first.usual))}</p>
      </>
    );
  }
  return soon ? (
    <p class="warm">{words.atRisk(format.count(soon))}</p>
  ) : (
    <p class="quiet">{words.noneAtRisk}</p>
  );
}

/** A figure that one acts on: number, what it counts, and two lines. */
function Fact({
  name,
  title,
  value,
  pieces,
  aside,
  below,
  children,
}: {
  name: string;
  title: string;
  value: number | null;
  pieces: Piece[];
  aside?: ComponentChildren;
  below?: boolean;
  children: ComponentChildren;
}) {
  return (
    <section
      class="card tile fact"
      data-tile={name}
      data-band={below ? "missed" : "plain"}
      data-value={value ?? ""}
      aria-label={title}
    >
      <h2 class="label">{title}</h2>
      <div class="figure">
        <p class="value">
          <Figure pieces={pieces} />
        </p>
        {aside && <div class="trend">{aside}</div>}
      </div>
      <div class="lines">{children}</div>
    </section>
  );
}

export function Unanswered({ wall, nowMs, words, format, sure }: ShiftProps) {
  const live = wall.live!;
  const oldest =
    live.oldest_business_seconds ??
    (live.oldest_ms === null ? null : Math.max(0, (nowMs - live.oldest_ms) / 1000));
  const others = live.waiting - live.unanswered; // who had a reply, and wait for another one
  const longest = live.oldest_wait_ms === null ? 0 : Math.max(0, (nowMs - live.oldest_wait_ms) / 1000);
  const long = live.ages.slice(2).reduce((sum, count) => sum + count, 0);
  const clock = wall.clock === null ? "" : wall.clock === "business" ? words.workAge : words.always;
  const calendar = wall.clock === "business" ? words.calendar : "";
  return (
    <Fact
      name="unanswered"
      title={words.unanswered}
      value={live.unanswered}
      pieces={format.pieces("count", live.unanswered)}
      aside={<Ages live={live} words={words} format={format} />}
    >
      <p>
        {oldest === null
          ? sure
            ? others > 0
              ? words.othersWait(format.count(others))
              : words.noneWaits
            : "\u2013"
          : oldest < 1 && clock
            ? words.allOutOfHours
            : words.oldest(format.rough("duration", oldest), clock)}
      </p>
      <p class="quiet whole">
        {others > 0 &&
          (oldest === null ? (
            <span>{words.longestWait(format.rough("duration", longest), calendar)}</span>
          ) : (
            <span>{words.othersWait(format.count(others))}</span>
          ))}
        <span>
          {sure && live.business_open === false
            ? words.closed
            : words.waitsLonger(format.count(long), "1\u00a0h")}
        </span>
      </p>
    </Fact>
  );
}

/** Who waits for our reply, the first one or a later one. Its age is in calendar time. */
export function Waiting({ wall, nowMs, words, format, sure }: ShiftProps) {
  const live = wall.live!;
  const longest = live.oldest_wait_ms === null ? null : Math.max(0, (nowMs - live.oldest_wait_ms) / 1000);
  return (
    <Fact
      name="waiting"
      title={words.waitingTitle}
      value={live.waiting}
      pieces={format.pieces("count", live.waiting)}
    >
      <p>
        {longest === null
          ? sure
            ? words.noneWaits
            : "\u2013"
          : words.longestWait(format.rough("duration", longest), wall.clock === "business" ? words.calendar : "")}
      </p>
      <p class="quiet whole">
        <span>{words.firstOnes(format.count(live.unanswered))}</span>
        <span>{words.withBot(format.count(live.with_bot))}</span>
      </p>
    </Fact>
  );
}

export function Overdue({ wall, nowMs, words, format, sure }: ShiftProps) {
  const next = target(wall, "next_reply");
  const reply = replies(wall);
  const count = reply?.breached ?? 0;
  const newest = reply?.newest_ms ?? null;
  return (
    <Fact name="overdue" title={words.overdueTitle} value={count} pieces={format.pieces("count", count)}>
      <p>
        {newest === null
          ? sure
            ? words.noneOverdue
            : "\u2013"
          : words.newest(format.age(Math.max(0, (nowMs - newest) / 1000)))}
      </p>
      <p class="quiet whole">
        {next && <span>{words.nextOnes(format.count(next.breached ?? 0))}</span>}
        <span>{words.solutions(format.count(target(wall, "resolution")?.breached ?? 0))}</span>
      </p>
    </Fact>
  );
}

export function Open({ wall, words, format }: ShiftProps) {
  const live = wall.live!;
  return (
    <Fact name="open" title={words.openTitle} value={live.open} pieces={format.pieces("count", live.open)}>
      {live.unassigned === null && live.with_bot === 0 ? (
        <>
          <p class="quiet">{wall.today && words.newToday(format.count(wall.today.created))}</p>
          <p class="quiet">{wall.today && words.solvedToday(format.count(wall.today.solved))}</p>
        </>
      ) : (
        <>
          <p class="quiet whole">
            {wall.today && <span>{words.newOnes(format.count(wall.today.created))}</span>}
            {wall.today && <span>{words.solvedOnes(format.count(wall.today.solved))}</span>}
          </p>
          <p class="quiet whole">
            {live.unassigned !== null && <span>{words.unassigned(format.count(live.unassigned))}</span>}
            {live.with_bot > 0 && <span>{words.withBot(format.count(live.with_bot))}</span>}
          </p>
        </>
      )}
    </Fact>
  );
}

export function InTime({ wall, words, format, sure }: ShiftProps) {
  const reply = replies(wall);
  const solution = target(wall, "resolution");
  const next = target(wall, "next_reply");
  const has = reply !== undefined && reply.ratio !== null;
  // Red when it is named itself: what is named within it stands above.
  const named = wall.worst.some(
    (one) => isReply(one.target) && one.by === chosenBy(wall),
  );
  return (
    <Fact
      name="in_time"
      title={words.inTime}
      value={reply?.ratio ?? null}
      pieces={format.sharePieces(reply?.ratio ?? null)}
      below={sure && named}
    >
      <p class="whole">
        {has ? (
          <Counted
            text={reply.objective === null ? null : words.promised(format.share(reply.objective))}
            n={words.n(format.brief(reply.n))}
          />
        ) : sure ? (
          words.noneDue
        ) : (
          "\u2013"
        )}
      </p>
      <p class="quiet whole">
        {next && next.ratio !== null && <span>{words.nextInTime(format.share(next.ratio))}</span>}
        {solution && solution.ratio !== null && (
          <Counted
            text={words.solutionsInTime(format.share(solution.ratio))}
            n={words.n(format.brief(solution.n))}
          />
        )}
      </p>
    </Fact>
  );
}

/** A share and its observations; where both have no room the latter go. */
function Counted({ text, n }: { text: string | null; n: string }) {
  return (
    <>
      {text !== null && <span>{text}</span>}
      <span>{n}</span>
    </>
  );
}

/** What the desk has no policy for, and what one would add. */
export function NoPolicy({ words }: Tongue) {
  return (
    <section class="card no-policy">
      <h2 class="label">{words.noPolicy}</h2>
      <p class="quiet">{words.noPolicyWhy}</p>
    </section>
  );
}

/** "2 of 3 teams open", or of one team whether it is. */
export function openWords(wall: Wall, nowMs: number, { words, format }: Tongue): string | null {
  const rows: TeamRow[] = wall.rows.filter(
    (row) => (wall.team === null || row.team === wall.team) && row.open_now !== null,
  );
  if (!rows.length) return null;
  const open = rows.filter((row) => row.open_now).length;
  if (wall.team === null) return words.teamsOpen(format.count(open), format.count(rows.length));
  if (open) return words.teamOpen;
  return rows[0]!.opens_ms === null
    ? words.closed
    : words.closedUntil(format.opening(rows[0]!.opens_ms, nowMs, wall.zone));
}
