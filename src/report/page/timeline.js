// The timeline: a row for each slot, and in it marks. A kind of end shows in its colour and in its shape.
import { bars, data, endOf, kindOf, placeOfRow, textOf } from './batch_data.js';
import { axis, chartIn, chartOf, colours, stripes, timeAxis, tip, tooltip } from './chart.js';
import { byId } from './elements.js';
import { marksIn } from './marks.js';
import { cpuTime, date, duration, moment, number, plural, size } from './texts.js';

const CHART = 'timeline-chart';
const ROWS_AT_ONCE = 40;
export const moreRows = data.rows.length > ROWS_AT_ONCE;

// What is drawn now.
export let marks = [];

export function timeline() {
  return chartOf(CHART);
}

// The part that is shown: x in seconds, y in rows.
export function shownWindow() {
  const [x, , y] = timeline().getOption().dataZoom;
  const [firstRow, lastRow] = y ? [y.startValue, y.endValue] : [0, data.rows.length - 1];
  return { from: x.startValue, to: x.endValue, firstRow, lastRow };
}

export function drawTimeline() {
  const rows = Math.min(data.rows.length, ROWS_AT_ONCE);
  byId(CHART).style.height = `${rows * (rows > 12 ? 17 : 24) + 64}px`;
  const isNew = !timeline();
  const what = `${plural(data.totals.attempts, 'attempt')} in ${plural(data.rows.length, 'slot')}`;
  const made = chartIn(CHART, `Timeline of ${what}; the table below has each.`);
  made.resize();
  made.setOption({
    animation: false,
    grid: { ...sides(), top: 8, bottom: 54 },
    xAxis: timeAxis(),
    yAxis: rowAxis(),
    tooltip: tooltip(tipOfMark, { trigger: 'item' }),
    dataZoom: [drag(), timeSlider(), ...(moreRows ? [rowSlider(isNew)] : [])],
    series: [{ id: 'bars', type: 'custom', renderItem: drawMark, encode: { x: [1, 2], y: 0 }, clip: true, progressive: 0 }],
  });
  drawMarks();
}

export function drawMarks() {
  marks = marksIn(shownWindow(), Math.max(timeline().getWidth() - nameWidth(), 100));
  timeline().setOption({ series: [{ id: 'bars', data: marks.map(({ row, from, to }, i) => [row, from, to, i]) }] });
}

// --- axes and sliders ---

// Where time begins and ends in a chart.
export function sides() {
  return { left: nameWidth(), right: moreRows ? 34 : 14 };
}

function nameWidth() {
  const most = byId(CHART).clientWidth < 600 ? 112 : 190;
  const longest = Math.max(...data.rows.map((_, row) => rowName(row).length));
  return Math.min(Math.max(18 + 6.6 * longest, 60), most);
}

function rowName(row) {
  return placeOfRow(row).replace(', slot ', ' · ');
}

function rowAxis() {
  return axis({
    type: 'category',
    inverse: true,
    data: data.rows.map((_, row) => rowName(row)),
    axisLabel: { color: colours.faint, width: nameWidth() - 12, overflow: 'truncate' },
  });
}

function drag() {
  const wheel = { zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: 'shift', preventDefaultMouseMove: false };
  return { id: 'drag', type: 'inside', xAxisIndex: 0, filterMode: 'none', throttle: 40, ...wheel };
}

function slider(more) {
  const colour = { borderColor: colours.line, backgroundColor: colours.card, fillerColor: `${colours.running}33` };
  return { type: 'slider', filterMode: 'none', showDetail: false, brushSelect: false, moveHandleSize: 0, ...colour, ...more };
}

function timeSlider() {
  const unseen = { areaStyle: { opacity: 0 }, lineStyle: { opacity: 0 } };
  return slider({ id: 'slider', xAxisIndex: 0, ...sides(), bottom: 8, height: 16, throttle: 40, dataBackground: unseen });
}

function rowSlider(isNew) {
  const first = isNew ? { startValue: 0, endValue: ROWS_AT_ONCE - 1 } : {};
  return slider({ id: 'rows', yAxisIndex: 0, right: 6, width: 18, zoomLock: true, ...first });
}

// --- marks ---

// From the top of the row on, as parts of its height.
const SHAPES = {
  succeeded: { top: 0, height: 1 },
  failed: { top: 0, height: 1 },
  retried: { top: 0.45, height: 0.55 },
  interrupted: { top: 0, height: 1 },
  duplicate: { top: 0.35, height: 0.3 },
};

function drawMark({ coordSys: area }, api) {
  const mark = marks[api.value(3)];
  if (!mark) return null;
  const [from, y] = api.coord([mark.from, mark.row]);
  const [to] = api.coord([mark.to, mark.row]);
  const whole = api.size([0, 1])[1] * 0.78;
  const x = Math.max(from, area.x);
  const length = Math.max(Math.min(to, area.x + area.width) - x, 1.5);
  const width = length > 3 ? length - 0.7 : length;
  const rect = ({ top, height }, style) =>
    ({ type: 'rect', shape: { x, y: y + whole * (top - 0.5), width, height: whole * height }, style });
  if (mark.many > 1) return { type: 'group', children: severalRects(mark, rect) };
  const kind = kindOf(mark.bar);
  return rect(SHAPES[kind], styleOf(kind));
}

function styleOf(kind) {
  if (kind === 'failed') return { fill: stripes };
  if (kind !== 'interrupted') return { fill: colours[kind] };
  return { fill: 'transparent', stroke: colours.interrupted, lineWidth: 1.5, lineDash: [3, 2] };
}

// How much of the time there was work, by how dark it is; and on top what failed.
function severalRects({ busy, from, to, bad, many }, rect) {
  const share = Math.min(busy / (to - from || 1), 1);
  const rects = [rect({ top: 0, height: 1 }, { fill: colours.succeeded, opacity: 0.35 + 0.5 * share })];
  if (bad) rects.push(rect({ top: 0, height: Math.max(bad / many, 0.25) }, styleOf('failed')));
  return rects;
}

function tipOfMark({ dataIndex }) {
  const mark = marks[dataIndex];
  if (!mark) return '';
  return mark.many > 1 ? tipOfSeveral(mark) : tipOfBar(mark.bar);
}

function tipOfSeveral({ many, bar, row, bad, from, to, busy }) {
  return tip(`${plural(many, 'attempt')}, from task ${bars.task[bar]} on`, [
    ['at', placeOfRow(row)],
    ['failed', number(bad)],
    ['from', moment(from)],
    ['to', moment(to)],
    ['work', duration(busy)],
  ]);
}

function tipOfBar(i) {
  return tip(`task ${bars.task[i]}`, [
    ['text', textOf(bars.task[i])],
    ['ended', endOf(i)],
    ['attempt', String(bars.number[i])],
    ['at', placeOfRow(bars.row[i])],
    ['started', `${moment(bars.from[i])}, ${date(data.origin + bars.from[i])}`],
    ['took', duration(bars.to[i] - bars.from[i])],
    ['CPU', cpuTime(bars.cpu[i] / 1e6)],
    ['memory', size(bars.rss[i] * 1024)],
  ]);
}
