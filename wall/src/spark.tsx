// A trend as a line or bars: drawn by the figures' own scale, with the value compared with as a dashed line.

import { area, line } from "d3-shape";
import type { Trend } from "./model";

const WIDTH = 400;
const HEIGHT = 100;
const MARGIN = 6; // so that the pen does not leave the picture
const LEAST_SPAN = 0.08; // of the value: less is noise and is drawn flat

interface Props {
  trend: Trend;
  before: number | null; // the value compared with
  label: string;
}

export function Spark({ trend, before, label }: Props) {
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {trend.shape === "bars" ? (
        <Bars values={trend.values} />
      ) : (
        <Line values={trend.values} before={before} />
      )}
    </svg>
  );
}

function Line({ values, before }: { values: (number | null)[]; before: number | null }) {
  const [low, high] = reach(values, before);
  const y = (value: number) => HEIGHT - MARGIN - ((value - low) / (high - low)) * (HEIGHT - 2 * MARGIN);
  const x = (place: number) => (values.length > 1 ? (place / (values.length - 1)) * WIDTH : WIDTH);
  const points = values.map((value, place) => ({ value, place }));
  const isThere = (point: { value: number | null }) => point.value !== null;
  const path = line<(typeof points)[number]>(
    ({ place }) => x(place),
    ({ value }) => y(value ?? 0),
  ).defined(isThere)(points);
  const ground = area<(typeof points)[number]>(
    ({ place }) => x(place),
    HEIGHT,
    ({ value }) => y(value ?? 0),
  ).defined(isThere)(points);
  return (
    <>
      <path class="spark-area" d={ground ?? ""} />
      {before !== null && <line class="spark-before" x1="0" x2={WIDTH} y1={y(before)} y2={y(before)} />}
      <path class="spark-line" d={path ?? ""} />
    </>
  );
}

/** Bars start at 0; the last one is of a span that is not over, so it is drawn lighter. */
function Bars({ values }: { values: (number | null)[] }) {
  const high = Math.max(1, ...values.map((value) => value ?? 0));
  const step = WIDTH / Math.max(1, values.length);
  return (
    <>
      {values.map((value, place) => {
        const height = ((value ?? 0) / high) * (HEIGHT - MARGIN);
        const kind = place === values.length - 1 ? "spark-bar spark-partial" : "spark-bar";
        return (
          <rect
            key={place}
            class={kind}
            x={place * step + step * 0.12}
            width={step * 0.76}
            y={HEIGHT - height}
            height={height}
          />
        );
      })}
    </>
  );
}

export function reach(values: (number | null)[], before: number | null): [number, number] {
  const all = [...values, before].filter((value) => value !== null);
  if (!all.length) return [0, 1];
  const low = Math.min(...all);
  const high = Math.max(...all);
  const least = LEAST_SPAN * Math.max(Math.abs(low), Math.abs(high)) || 1;
  const lacking = Math.max(0, least - (high - low)) / 2;
  return [low - lacking, high + lacking];
}
