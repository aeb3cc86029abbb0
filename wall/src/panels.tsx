// What changed and where, tickets at risk, and the table of everything.

import type { ComponentChildren } from "preact";
import type { Format } from "./format";
import type { Change, Risk, SegmentRow, SlaTarget, Staffing, Tile, Wall } from "./model";
import { replies } from "./shift";
import { lineKey, RiskLine } from "./teams";
import { BandChip, changeWords, Compared, plainWords, tileName, type Tongue } from "./tiles";

const MOST_CHANGES = 5;

export function Changes({ wall, words, format, period }: { wall: Wall } & Tongue) {
  const worth = wall.changes.slice(0, MOST_CHANGES);
  return (
    <section class="panel changes" aria-labelledby="changes-title">
      <h2 id="changes-title" class="label">
        {words.changed}
      </h2>
      {worth.length === 0 && <p class="quiet">{words.nothingChanged}</p>}
      <ul>
        {worth.map((change) => (
          <ChangeLine
            key={change.tile}
            change={change}
            segment={wall.segment}
            words={words}
            format={format}
            period={period}
          />
        ))}
      </ul>
    </section>
  );
}

function ChangeLine({ change, segment, words, format }: { change: Change; segment: string | null } & Tongue) {
  const name = words.tiles[change.tile]?.[1] ?? change.tile;
  const moved = format.distance(change.kind, change.value, change.before);
  const where = change.where;
  return (
    <li data-change={change.tile} data-verdict={change.verdict}>
      <strong>{name}</strong>{" "}
      <span class="change" data-verdict={change.verdict}>
        {moved ? changeWords(moved, change.verdict, change.value > change.before, words) : words.same}
      </span>
      <span class="was"> {words.was(format.rough(change.kind, change.before))}</span>
      <span class="where">
        {" \u2192 "}
        {where === null ? (
          words.everywhere
        ) : (
          <>
            {(where.dimension === "segment" && segment) || words.dimensions[where.dimension]} <strong>{words.members[where.member] ?? where.member}</strong>
            : {words.explains(format.share(Math.min(1, where.share)), format.share(where.weight))}
          </>
        )}
      </span>
    </li>
  );
}

export function RiskPanel({
  risk,
  wall,
  nowMs,
  words,
  format,
}: { risk: Risk; wall: Wall; nowMs: number } & Tongue) {
  const { breached, soon } = replies(wall) ?? { breached: 0, soon: 0 };
  return (
    <section class="panel risk" aria-labelledby="risk-title">
      <h2 id="risk-title" class="label">
        {words.risk}{" "}
        <span class="counts">
          <span class={soon ? "warm" : "quiet"}>{words.riskDue(format.count(soon), "15\u00a0min")}</span>
          {" \u00b7 "}
          <span class="quiet">{words.riskBreached(format.count(breached))}</span>
        </span>
      </h2>
      {risk.lines.length === 0 && <p class="quiet">{words.riskNone}</p>}
      <RiskList risk={risk} nowMs={nowMs} words={words} format={format} />
    </section>
  );
}

function RiskList({
  risk,
  nowMs,
  words,
  format,
}: { risk: Risk; nowMs: number } & Pick<Tongue, "words" | "format">) {
  return (
    <ul>
      {risk.lines.map((line) => (
        <RiskLine key={lineKey(line)} line={line} nowMs={nowMs} words={words} format={format} team={null} />
      ))}
    </ul>
  );
}

export function Everything({ wall, sure, words, format, period }: { wall: Wall; sure: boolean } & Tongue) {
  const then = words.ago[period];
  return (
    <section class="everything" aria-labelledby="everything-title" tabIndex={0}>
      <h2 id="everything-title">{words.all}</h2>
      <Table columns={[...words.columns.slice(0, -1), `${words.columns.at(-1)}: ${then ?? ""}`]}>
        {wall.tiles.map((tile) => (
          <Row
            key={tile.id}
            tile={tile}
            wall={wall}
            sure={sure}
            words={words}
            format={format}
            period={period}
          />
        ))}
      </Table>
      {wall.sla.length > 0 && <Deadlines sla={wall.sla} words={words} format={format} />}
      {wall.segment !== null && wall.segments.length > 0 && (
        <Segments title={wall.segment} rows={wall.segments} words={words} format={format} />
      )}
      {wall.staffing.length > 0 && <Presence staffing={wall.staffing} words={words} format={format} />}
      <p class="links">
        {words.links}: <a href="metrics">/metrics</a> <a href="api/kpis">/api/kpis</a>{" "}
        <a href="api/openapi.json">/api/openapi.json</a> <a href="readyz">/readyz</a>{" "}
        <a href="assets/LICENSES.txt">LICENSES</a>
      </p>
    </section>
  );
}

function Table({ columns, children }: { columns: string[]; children: ComponentChildren }) {
  return (
    <table>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

function Deadlines({ sla, words, format }: { sla: SlaTarget[] } & Pick<Tongue, "words" | "format">) {
  const count = (value: number | null | undefined) =>
    value === null || value === undefined ? "\u2013" : format.count(value);
  return (
    <>
      <h2>{words.slaTitle}</h2>
      <Table columns={words.slaColumns}>
        {sla.map((target) => (
          <tr key={target.target} data-deadlines={target.target}>
            <th scope="row">{words.targetNames[target.target] ?? target.target}</th>
            {[target.waiting, target.breached, target.due["15m"], target.due["1h"], target.due["4h"]].map(
              (value, place) => (
                <td key={place}>{count(value)}</td>
              ),
            )}
            <td>
              {target.forecast === null
                ? "\u2013"
                : words.between(
                    count(target.forecast),
                    count(target.forecast_low),
                    count(target.forecast_high),
                  )}
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

/** The fourth dimension, called as the desk calls it. */
function Segments({
  title,
  rows,
  words,
  format,
}: { title: string; rows: SegmentRow[] } & Pick<Tongue, "words" | "format">) {
  const none = "\u2013";
  return (
    <>
      <h2>{title}</h2>
      <Table columns={[title, ...words.segmentColumns]}>
        {rows.map((one) => (
          <tr key={one.segment} data-segment={one.segment} data-below={one.below === true}>
            <th scope="row">{words.members[one.segment] ?? one.segment}</th>
            <td>{format.count(one.open)}</td>
            <td>{format.count(one.waiting)}</td>
            <td>{one.overdue === null ? none : format.count(one.overdue)}</td>
            <td>{one.ratio === null ? none : format.share(one.ratio)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Presence({ staffing, words, format }: { staffing: Staffing[] } & Pick<Tongue, "words" | "format">) {
  return (
    <>
      <h2>{words.staffingTitle}</h2>
      <Table columns={words.staffingColumns}>
        {staffing.map((one) => (
          <tr key={one.team ?? ""} data-staffing={one.team ?? ""}>
            <th scope="row">{one.team === null ? words.everything : (words.members[one.team] ?? one.team)}</th>
            {[one.online, one.available, one.busy].map((value, place) => (
              <td key={place}>{format.count(value)}</td>
            ))}
            <td>{one.waiting_each === null ? "\u2013" : format.text("score", one.waiting_each)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Row({
  tile,
  wall,
  sure,
  words,
  format,
  period,
}: { tile: Tile; wall: Wall; sure: boolean } & Tongue) {
  return (
    <tr
      data-row={tile.id}
      data-value={tile.value ?? ""}
      data-n={tile.n}
      data-window={tile.window ?? ""}
      data-by={tile.by}
      data-member={tile.member}
    >
      <th scope="row">{tileName(tile, wall, words, true)}</th>
      <td>
        <span class="strong">
          {tile.plain === "closed" && tile.shown === null
            ? words.allOutOfHours
            : format.text(tile.kind, tile.shown)}
        </span>
        {tile.low !== null && tile.high !== null && (
          <span class="quiet">
            {" ("}
            {words.interval(format.text(tile.kind, tile.low), format.text(tile.kind, tile.high))})
          </span>
        )}
      </td>
      <td>
        {!sure ? (
          ""
        ) : tile.band === null ? (
          plainWords(tile, words, format)
        ) : (
          <BandChip tile={tile} words={words} format={format} hero={false} />
        )}
      </td>
      <td>
        {tile.n_all === null
          ? format.count(tile.n)
          : words.partOf(format.count(tile.n), format.count(tile.n_all))}{" "}
        {words.observed[tile.of]}
      </td>
      <td>{sure && <Compared tile={tile} words={words} format={format} period={period} hero={false} />}</td>
      <td>
        {tile.compared === null
          ? "\u2013"
          : `${format.text(tile.kind, tile.compared.value)} (${words.n(format.count(tile.compared.n))})`}
      </td>
    </tr>
  );
}

export type { Format };
