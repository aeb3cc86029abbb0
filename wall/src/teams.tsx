// The first screen's lower half: every team in one row, the worst first; or of one team what is due and what
// is late.

import type { ComponentChildren } from "preact";
import type { AtRisk, TeamRow } from "./model";
import { isReply, Warning, type ShiftProps } from "./shift";

const MOST_ROWS = 5;
const LIST_LETTERS = 34; // of a line in half a screen, beside its number and its age
const LONG_NAME = 24; // letters, from which on a name is written smaller

export function Teams(props: ShiftProps) {
  const { wall, words, format } = props;
  const shown = wall.rows.slice(0, MOST_ROWS);
  const left = wall.rows.length - shown.length;
  const promised = new Set(wall.rows.map((row) => row.objective));
  const objective = promised.size === 1 ? [...promised][0]! : null; // of all: said once
  const title = (column: string) =>
    column === "in_time" && objective !== null
      ? words.allPromised(words.teamColumns[column]!, format.share(objective))
      : words.teamColumns[column];
  const columns = wall.promised
    ? ["unanswered", "longest", "overdue", "in_time", "soon", "open"]
    : ["unanswered", "longest", "open", "created", "reply"];
  // Where the desk tells who is there, and no name is so long that it takes the room of a column.
  const short = wall.rows.every((row) => row.team.length <= LONG_NAME);
  if (short && wall.rows.some((row) => row.waiting > row.unanswered)) columns.splice(1, 0, "waiting");
  if (short && wall.rows.some((row) => row.online !== null)) columns.push("free");
  return (
    <section class="card teams" data-teams={wall.rows.length} aria-label={words.dimensions.team}>
      <table>
        <thead>
          <tr>
            <th scope="col">
              {words.teamColumns.team}
              {left > 0 && <span class="left"> {words.moreTeams(format.count(left))}</span>}
            </th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {title(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <Row key={row.team} {...props} row={row} columns={columns} objective={objective} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({
  row,
  columns,
  objective,
  wall,
  nowMs,
  words,
  format,
  sure,
}: ShiftProps & { row: TeamRow; columns: string[]; objective: number | null }) {
  const closed = row.open_now === false;
  // A wait that lies wholly out of hours has no age yet: a zero that the calendar made is nobody's figure.
  const unworked = closed && row.oldest_business_seconds === 0;
  const oldest =
    row.oldest_business_seconds ??
    (row.oldest_ms === null ? null : Math.max(0, (nowMs - row.oldest_ms) / 1000));
  const named = wall.worst.some(
    (one) => one.by === "team" && one.member === row.team && isReply(one.target),
  );
  const cells: Record<string, ComponentChildren> = {
    unanswered: format.count(row.unanswered),
    waiting: format.count(row.waiting),
    longest:
      oldest === null || unworked ? (
        <span class="quiet">{oldest === null && sure ? words.none : "\u2013"}</span>
      ) : (
        format.rough("duration", oldest)
      ),
    overdue: format.count((row.overdue.first_reply ?? 0) + (row.overdue.next_reply ?? 0)),
    in_time: (
      <InTimeCell row={row} objective={objective} named={named} words={words} format={format} sure={sure} />
    ),
    soon: <span class={row.soon && sure ? "warm" : ""}>{format.count(row.soon ?? 0)}</span>,
    open: format.count(row.open),
    free:
      row.online === null || row.available === null ? (
        <span class="quiet">{"\u2013"}</span>
      ) : (
        words.partOf(format.count(row.available), format.count(row.online))
      ),
    created: format.count(row.created ?? 0),
    reply:
      row.reply_seconds === null ? (
        <span class="quiet">{words.nothing}</span>
      ) : (
        words.replyOf(format.rough("duration", row.reply_seconds), format.count(row.replies))
      ),
  };
  const shut =
    row.opens_ms === null ? words.closed : words.closedUntil(format.opening(row.opens_ms, nowMs, wall.zone));
  return (
    <tr data-team={row.team} data-closed={closed} data-below={sure && row.below === true}>
      <th scope="row" class={row.team.length > LONG_NAME ? "long" : ""}>
        {words.members[row.team] ?? row.team}
      </th>
      {columns.map((column) =>
        closed && column === "in_time" ? (
          <td key={column} class="shut" colSpan={2}>
            {shut}
          </td>
        ) : closed && column === "soon" ? null : (
          <td key={column} data-column={column} data-label={words.teamColumns[column]}>
            {cells[column]}
          </td>
        ),
      )}
    </tr>
  );
}

/** Red when the team itself is named; framed in red when it is something within the team. */
function InTimeCell({
  row,
  objective,
  named,
  words,
  format,
  sure,
}: { row: TeamRow; objective: number | null; named: boolean } & Pick<
  ShiftProps,
  "words" | "format" | "sure"
>) {
  if (row.ratio === null) return <span class="quiet">{sure ? words.noneDue : "\u2013"}</span>;
  const kind = !sure ? "" : named ? "below" : row.below ? "within" : "";
  return (
    <>
      <span class={kind}>
        {kind && <Warning />}
        {row.objective === null || objective !== null
          ? format.share(row.ratio)
          : words.ofObjective(format.share(row.ratio), format.share(row.objective))}
      </span>
      <span class="quiet n"> {words.n(format.brief(row.n))}</span>
    </>
  );
}

/** Of one team: what is due next, and what was missed last. */
export function TeamLists({ wall, nowMs, words, format, sure }: ShiftProps) {
  const lines = wall.risk?.lines ?? [];
  const part = (breached: boolean) =>
    lines.filter((line) => line.breached === breached).slice(0, MOST_ROWS - 1);
  const list = (title: string, when: string, breached: boolean, none: string) => (
    <section class="card list" data-list={breached ? "overdue" : "due"} aria-label={title}>
      <h2 class="label pair">
        {title} {part(breached).length > 0 && <span class="quiet">{when}</span>}
      </h2>
      {part(breached).length === 0 && <p class="quiet">{sure ? none : "\u2013"}</p>}
      <ul>
        {part(breached).map((line) => (
          <RiskLine
            key={lineKey(line)}
            line={line}
            nowMs={nowMs}
            words={words}
            format={format}
            team={wall.team}
            short={true}
          />
        ))}
      </ul>
    </section>
  );
  return (
    <div class="lists">
      {list(words.dueNext, words.firstIn, false, words.riskNone)}
      {list(words.overdueList, words.newestAgo, true, words.noneOverdue)}
    </div>
  );
}

/** The first of some ways to say it that has room in a list; the last one if none has. */
function roomy(ways: string[][]): string {
  const texts = ways.map((parts) => parts.join(", "));
  return texts.find((text) => text.length <= LIST_LETTERS) ?? texts.at(-1)!;
}

export function lineKey(line: AtRisk): string {
  return `${line.ticket_id}/${line.team}/${line.priority}/${line.target}/${line.breached}/${line.deadline_of}`;
}

/** A ticket, or a number of a kind: how many, and when the first of them is due, are two things.
 *  `short`: a title says what the age is. */
export function RiskLine({
  line,
  nowMs,
  words,
  format,
  team,
  short = false,
}: { line: AtRisk; nowMs: number; team: string | null; short?: boolean } & Pick<
  ShiftProps,
  "words" | "format"
>) {
  const left = (line.due_ms - nowMs) / 1000;
  const age = format.age(Math.abs(left));
  const soon = !line.breached && left <= 15 * 60;
  const target = words.targetNames[line.target] ?? line.target;
  const own = line.deadline_of === "ticket" ? [words.ownDeadline] : [];
  const what =
    team !== null
      ? [line.priority, target, ...own].join(", ")
      : short
        ? roomy([
            [line.team, line.priority, target, ...own],
            [line.team, target, ...own],
            [line.team, target],
            [line.team],
          ])
        : [line.team, line.priority, target, ...own].join(", ");
  const told =
    line.ticket_id !== null
      ? line.breached
        ? words.overdue
        : words.dueIn
      : line.breached
        ? words.lastOf
        : words.firstOf;
  const name =
    line.url === null ? (
      (line.ticket_id ?? format.count(line.count))
    ) : (
      <a href={line.url} rel="noreferrer noopener" target="_blank">
        {line.ticket_id}
      </a>
    );
  return (
    <li data-breached={line.breached} data-deadline-of={line.deadline_of}>
      <span class="what">
        <strong>{name}</strong> {what}
      </span>{" "}
      <span class={soon ? "when warm" : "when"}>{short ? age : told(age)}</span>
    </li>
  );
}
