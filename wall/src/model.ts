// Made by scripts/wall_types.py from exporters/wall/model.py: run `python -m scripts.wall_types` instead of editing.

export const WINDOWS: string[] = ["15m", "1h", "8h", "24h", "today", "7d", "30d"];

export interface Why {
  code: string;
  text: string;
  seconds: number | null;
}

export interface Pulse {
  now_ms: number;
  as_of_ms: number | null;
  watermark_ms: number | null;
  ready: boolean;
  good: boolean;
  why: Why[];
  room: boolean;
  version: string;
}

export interface Trend {
  shape: "line" | "bars";
  start_ms: number;
  step_ms: number;
  values: (number | null)[];
}

export interface Compared {
  value: number;
  n: number;
  verdict: "better" | "worse" | "same" | "other";
}

export interface Tile {
  id: string;
  figure: string;
  kind: "duration" | "ratio" | "points" | "score" | "count" | "rate";
  window: string | null;
  by: string;
  member: string;
  clock: string | null;
  value: number | null;
  shown: number | null;
  n: number;
  n_all: number | null;
  closed: number | null;
  of: "replies" | "tickets" | "answers" | "customers" | "interactions" | "resolutions" | "solved" | "deadlines";
  better: "lower" | "higher" | null;
  band: string | null;
  plain: string | null;
  stated: string[];
  objective: number | null;
  low: number | null;
  high: number | null;
  compared: Compared | null;
  trend: Trend | null;
}

export interface Live {
  open: number;
  waiting: number;
  oldest_wait_ms: number | null;
  unassigned: number | null;
  with_bot: number;
  unanswered: number;
  oldest_ms: number | null;
  oldest_business_seconds: number | null;
  business_open: boolean | null;
  ages: number[];
}

export interface SlaTarget {
  target: string;
  waiting: number | null;
  breached: number | null;
  due: Record<string, number>;
  next_ms: number | null;
  forecast: number | null;
  forecast_low: number | null;
  forecast_high: number | null;
  ratio: number | null;
  n: number;
  objective: number | null;
  below: boolean | null;
  newest_ms: number | null;
}

export interface AtRisk {
  ticket_id: string | null;
  url: string | null;
  count: number;
  team: string;
  priority: string;
  target: string;
  due_ms: number;
  breached: boolean;
  deadline_of: "policy" | "ticket";
}

export interface WorstNow {
  by: string;
  member: string;
  team: string | null;
  target: string;
  window: "1h" | "8h";
  n: number;
  missed: number;
  excess: number;
  ratio: number;
  objective: number;
  overdue: number;
  since_ms: number;
}

export interface Endangered {
  by: string;
  member: string;
  team: string | null;
  target: string;
  n: number;
  waiting: number;
  usual: number;
}

export interface TeamRow {
  team: string;
  open_now: boolean | null;
  opens_ms: number | null;
  open: number;
  waiting: number;
  unassigned: number | null;
  with_bot: number;
  unanswered: number;
  oldest_ms: number | null;
  oldest_business_seconds: number | null;
  overdue: Record<string, number>;
  soon: number | null;
  ratio: number | null;
  n: number;
  objective: number | null;
  below: boolean | null;
  created: number | null;
  reply_seconds: number | null;
  replies: number;
  online: number | null;
  available: number | null;
}

export interface Staffing {
  team: string | null;
  online: number;
  available: number;
  busy: number;
  waiting_each: number | null;
}

export interface SegmentRow {
  segment: string;
  open: number;
  waiting: number;
  overdue: number | null;
  ratio: number | null;
  n: number;
  below: boolean | null;
}

export interface Today {
  created: number;
  solved: number;
}

export interface Risk {
  lines: AtRisk[];
  truncated: boolean;
}

export interface Where {
  dimension: string;
  member: string;
  share: number;
  weight: number;
}

export interface Change {
  tile: string;
  kind: "duration" | "ratio" | "points" | "score" | "count" | "rate";
  value: number;
  before: number;
  n: number;
  n_before: number;
  verdict: "worse" | "better" | "other";
  where: Where | null;
}

export interface Wall {
  as_of_ms: number | null;
  desk: string | null;
  window: string;
  team: string | null;
  known: boolean;
  period: string;
  zone: string;
  clock: "business" | "calendar" | null;
  span_ms: [number, number] | null;
  windows: string[];
  periods: string[];
  teams: string[];
  minimum: number;
  show_tickets: boolean;
  policy: boolean;
  promised: boolean;
  worst: WorstNow[];
  kept_since_ms: number | null;
  elsewhere: number;
  endangered: Endangered[];
  rows: TeamRow[];
  staffing: Staffing[];
  today: Today | null;
  live: Live | null;
  tiles: Tile[];
  sla: SlaTarget[];
  risk: Risk | null;
  changes: Change[];
  segment: string | null;
  segments: SegmentRow[];
  in_segment: string | null;
}
