// Fills the page with the data that is in it. All texts are shown by textContent, or drawn: they are others'.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const KINDS = ['succeeded', 'failed', 'retried', 'interrupted', 'duplicate'];
const KIND_TEXTS = {
  succeeded: 'succeeded',
  failed: 'failed',
  retried: 'failed, and tried again',
  interrupted: 'interrupted',
  duplicate: 'succeeded, a second time',
};

// --- texts ----------------------------------------------------------------------------------------

const number = new Intl.NumberFormat('en').format;

function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function significant(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function duration(seconds) {
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995e-3) return `${significant(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${significant(seconds * 1e3)} ms`;
  if (seconds < 59.95) return `${significant(seconds)} s`;
  return clock(seconds);
}

// 1:05, 1:00:05
function clock(seconds) {
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function size(bytes) {
  if (!bytes) return '';
  for (const [unit, factor] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]]) {
    if (bytes >= factor) return `${(bytes / factor).toFixed(1)} ${unit}`;
  }
  return `${bytes} B`;
}

function date(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function percent(share) {
  return `${Math.round(share * 100)}%`;
}

// What does not show itself, or turns the direction of writing, is shown by its number.
function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    if (character === '\n') return '↵';
    if (character === '\t') return '⇥';
    return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

// The same of several lines.
function visibleLines(text) {
  return text.split('\n').map((line) => line.split('\t').map(visible).join('\t')).join('\n');
}

function ended(outcome, status) {
  if (outcome === 'exited') return `exit status ${status}`;
  if (outcome === 'signalled') return `signal ${status}`;
  return outcome;
}

// --- elements -------------------------------------------------------------------------------------

function element(name, { text, children = [], ...attributes } = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

function button(text, label, act) {
  const made = element('button', { text, type: 'button', 'aria-label': label });
  made.addEventListener('click', act);
  return made;
}

// --- the data -------------------------------------------------------------------------------------

function column(packed, count) {
  if (Array.isArray(packed)) return packed;
  const values = new Array(count).fill(packed.most);
  let place = 0;
  packed.at.forEach((step, i) => {
    place += step;
    values[place] = packed.is[i];
  });
  return values;
}

const bars = unpackBars(data.bars);
const texts = unpackTexts(data.texts);
const rowStart = startsOfRows();

function unpackBars({ count = 0, ...packed }) {
  const columns = {};
  for (const [name, values] of Object.entries(packed)) columns[name] = column(values, count);
  const from = new Float64Array(count);
  const to = new Float64Array(count);
  let row = 0;
  let end = 0;
  let task = 0;
  for (let i = 0; i < count; ++i) {
    if (columns.row[i]) end = 0;
    row += columns.row[i];
    from[i] = (end + columns.start[i]) / 1e6;
    end += columns.start[i] + columns.took[i];
    to[i] = end / 1e6;
    task += columns.task[i];
    columns.row[i] = row;
    columns.task[i] = task;
  }
  return { ...columns, count, from, to };
}

function unpackTexts({ task, text }) {
  const known = new Map();
  let id = 0;
  column(task, text.length).forEach((step, i) => {
    id += step;
    known.set(id, text[i]);
  });
  return known;
}

function startsOfRows() {
  const starts = [];
  for (let i = 0; i < bars.count; ++i) {
    while (starts.length <= bars.row[i]) starts.push(i);
  }
  starts.push(bars.count);
  return starts;
}

function textOf(task) {
  return visible(texts.get(task) ?? '');
}

function taskText(task) {
  const text = textOf(task);
  const most = 60;
  const brief = text.length > most ? `${text.slice(0, most)}…` : text;
  return text && text !== String(task) ? `task ${task} (${brief})` : `task ${task}`;
}

function workerName(worker) {
  return visible(data.worker_names[worker] ?? '');
}

function place(worker, slot) {
  return slot ? `${workerName(worker)}, slot ${slot}` : workerName(worker);
}

function placeOfRow(row) {
  const [worker, slot] = data.rows[row];
  return place(worker, slot);
}

// --- tables ---------------------------------------------------------------------------------------

const PAGE = 25;
const FEW = 8;

// Columns are {title, value, text, numeric}: `value(row)` is what it is sorted by, `text(row)` is shown.
class Table {
  constructor(caption, columns, rows, page = PAGE) {
    this.size = page;
    this.columns = columns.map((given) => ({ text: (row) => String(given.value(row)), ...given }));
    this.all = rows;
    this.rows = rows;
    this.page = 0;
    this.sorted = { by: -1, sign: 1 };
    this.body = element('tbody');
    this.heads = this.columns.map((head, i) => this.head(head, i));
    const table = element('table', {
      children: [
        element('caption', { text: caption }),
        element('thead', { children: [element('tr', { children: this.heads })] }),
        this.body,
      ],
    });
    const scroll = element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption, children: [table] });
    this.element = element('div', { children: [scroll] });
    if (rows.length > page) this.element.append(this.pager());
    this.show();
  }

  head({ title, numeric }, i) {
    const sorter = element('button', { text: title, type: 'button' });
    sorter.addEventListener('click', () => this.sort(i));
    return element('th', { scope: 'col', class: numeric ? 'number' : '', children: [sorter] });
  }

  pager() {
    const turn = (pages) => () => {
      this.page += pages;
      this.show();
    };
    this.before = button('‹ Before', 'Page before', turn(-1));
    this.next = button('Next ›', 'Next page', turn(1));
    this.where = element('span', { 'aria-live': 'polite' });
    const filter = element('input', { type: 'search', placeholder: 'Find', 'aria-label': 'Find in this table' });
    filter.addEventListener('input', () => this.filter(filter.value.toLowerCase()));
    return element('div', { class: 'pager', children: [this.before, this.where, this.next, filter] });
  }

  sort(i) {
    this.sorted = { by: i, sign: this.sorted.by === i ? -this.sorted.sign : this.columns[i].numeric ? -1 : 1 };
    const { value } = this.columns[i];
    const keys = new Map(this.rows.map((row) => [row, value(row)]));
    const order = (a, b) => (keys.get(a) < keys.get(b) ? -1 : keys.get(a) > keys.get(b) ? 1 : 0);
    this.rows = [...this.rows].sort((a, b) => this.sorted.sign * order(a, b));
    this.heads.forEach((head) => head.removeAttribute('aria-sort'));
    this.heads[i].setAttribute('aria-sort', this.sorted.sign > 0 ? 'ascending' : 'descending');
    this.page = 0;
    this.show();
  }

  filter(word) {
    const has = (row) => this.columns.some(({ text }) => text(row).toLowerCase().includes(word));
    this.rows = word ? this.all.filter(has) : this.all;
    this.page = 0;
    this.show();
  }

  show() {
    const first = this.page * this.size;
    const shown = this.rows.slice(first, first + this.size);
    const cell = (row) => ({ text, numeric, wide }) =>
      element('td', { text: text(row), class: numeric ? 'number' : wide ? 'text' : '' });
    this.body.replaceChildren(
      ...shown.map((row) => element('tr', { children: this.columns.map(cell(row)) })),
    );
    if (!this.where) return;
    this.where.textContent = `${number(shown.length ? first + 1 : 0)}–${number(first + shown.length)} of ${number(this.rows.length)}`;
    this.before.disabled = this.page === 0;
    this.next.disabled = first + this.size >= this.rows.length;
  }
}

// What is folded, and made when it is opened first: most is not.
const folds = [];

function fold(title, make) {
  const folded = element('details', { children: [element('summary', { text: title })] });
  const open = () => {
    if (folded.children.length === 1) folded.append(...make());
  };
  folded.addEventListener('toggle', open);
  folds.push(() => {
    open();
    folded.open = true;
  });
  return folded;
}

function foldedTable(title, columns, rows) {
  return fold(title, () => [new Table(title, columns, rows()).element]);
}

function fill(id, rows, columns, caption, page) {
  if (rows.length === 0) return byId(id).remove();
  return byId(id).append(new Table(caption, columns, rows, page).element);
}

// --- head -----------------------------------------------------------------------------------------

function showHead() {
  const { batch, totals } = data;
  const name = batch.name ? visible(batch.name) : `Batch of ${date(batch.begun)}`;
  document.title = `${name} – divvy report`;
  byId('title').textContent = name;
  const tasks = batch.tasks ?? totals.recorded;
  const state = batch.holder
    ? `not ended when this was written; has it: ${visible(batch.holder)}`
    : batch.finished
      ? `${totals.recorded + batch.skipped < tasks ? 'stopped' : 'finished'} ${date(batch.finished)}`
      : 'not finished';
  byId('when').textContent = `Begun ${date(batch.begun)}, ${state}`;
  if (batch.command) byId('command').textContent = visibleLines(batch.command);
  else byId('command').remove();
}

function showHeadline() {
  const { batch, totals } = data;
  const { elapsed, work, cpu } = totals;
  const whole = batch.tasks === null ? '' : `of ${number(batch.tasks)}`;
  const cards = [
    ['Tasks', number(totals.recorded), batch.skipped ? `${whole}, ${number(batch.skipped)} skipped` : whole],
    ['Failed', number(totals.failed), totals.lost ? `${number(totals.lost)} lost` : ''],
    ['Elapsed', duration(elapsed), 'first start to last end'],
    ['Work', duration(work), plural(totals.attempts, 'attempt')],
    ['Slots busy', elapsed ? (work / elapsed).toFixed(1) : '0', `at most ${number(totals.most_at_once)} at once`],
    ['Cores used', elapsed && cpu ? (cpu / elapsed).toFixed(1) : 'not known', cpu ? `${duration(cpu)} of CPU time` : ''],
    ['Workers', number(data.worker_names.length), plural(data.rows.length, 'slot')],
    ['Largest task', size(totals.max_rss) || 'not known', ''],
  ];
  byId('headline').append(...cards.map(([name, value, more]) => {
    const said = element('dd', { text: value, children: more ? [element('small', { text: more })] : [] });
    const bad = name === 'Failed' && totals.failed > 0;
    return element('div', { class: bad ? 'bad' : '', children: [element('dt', { text: name }), said] });
  }));
}

function showGlance() {
  const says = [sayFailed(), ...sayAttempts(), sayTail(), sayStall(), sayIdle()].filter(Boolean);
  byId('glance').append(...says.map(([kind, text]) => element('li', { class: kind, text })));
}

function sayFailed() {
  const { failed, recorded } = data.totals;
  if (!failed) return ['well', `Of ${plural(recorded, 'task')} none failed.`];
  const at = data.workers.map((worker, i) => [worker[1], i]).filter(([count]) => count).sort((a, b) => b[0] - a[0]);
  const where = at.slice(0, 3).map(([count, i]) => `${number(count)} on ${workerName(i)}`).join(', ');
  const others = at.length > 3 ? `, the others on ${plural(at.length - 3, 'more worker')}` : '';
  return ['bad', `${number(failed)} of ${plural(recorded, 'task')} failed${where ? `: ${where}${others}` : ''}.`];
}

function sayAttempts() {
  const { retried, strikes, duplicates, interrupted } = data.totals;
  const kinds = [[retried, 'failed and was tried again', 'failed and were tried again'],
    [strikes, 'was lost with its worker', 'were lost with their workers'],
    [interrupted, 'was interrupted', 'were interrupted'],
    [duplicates, 'succeeded a second time', 'succeeded a second time']];
  return kinds.filter(([count]) => count).map(([count, one, many]) =>
    ['', `${plural(count, 'attempt')} ${count === 1 ? one : many}.`]);
}

function sayTail() {
  const { tail, totals } = data;
  if (!tail?.attempts.length) return null;
  const [last] = tail.attempts;
  const brief = totals.elapsed - tail.since < 0.05 * totals.elapsed;
  const share = `for the last ${duration(totals.elapsed - tail.since)} fewer than half as many tasks ran as at most`;
  return ['', `The end waited for ${taskText(last.task)} on ${place(last.worker, last.slot)}, which took ${duration(last.took)}${brief ? '' : `; ${share}`}.`];
}

function sayStall() {
  const [stall] = data.stalls;
  if (!stall) return null;
  const { attempt, since } = stall;
  return ['', `Nothing ended for ${duration(attempt.started + attempt.took - since)} from ${duration(since)} on, until ${taskText(attempt.task)} did on ${place(attempt.worker, attempt.slot)}.`];
}

function sayIdle() {
  const { elapsed } = data.totals;
  const shares = data.rows.map(([, slot, , busy], row) => [slot ? 1 - busy / elapsed : 0, row]);
  const [share, row] = shares.reduce((a, b) => (b[0] > a[0] ? b : a), [0, -1]);
  return share > 0.005 ? ['', `${placeOfRow(row)} had nothing to do for ${percent(share)} of the time, more than any other slot.`] : null;
}

// --- charts ---------------------------------------------------------------------------------------

let colours = {};
const charts = new Map();

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ['ground', 'card', 'line', 'text', 'faint', 'running', ...KINDS];
  colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function chart(id, label) {
  const made = charts.get(id) ?? echarts.init(byId(id), null, { renderer: 'canvas' });
  byId(id).setAttribute('aria-label', label);
  charts.set(id, made);
  return made;
}

function axis(more) {
  return {
    axisLine: { show: true, lineStyle: { color: colours.line } },
    axisLabel: { color: colours.faint, hideOverlap: true },
    axisTick: { show: false },
    splitLine: { show: false },
    nameTextStyle: { color: colours.faint, align: 'left' },
    ...more,
  };
}

function timeAxis(more) {
  return axis({
    type: 'value',
    min: 0,
    max: data.totals.elapsed || 1,
    axisLabel: { color: colours.faint, hideOverlap: true, formatter: duration, showMaxLabel: false },
    splitLine: { show: true, lineStyle: { color: colours.line, opacity: 0.5 } },
    ...more,
  });
}

function tooltip(formatter, more) {
  return {
    confine: true,
    backgroundColor: colours.card,
    borderColor: colours.line,
    textStyle: { color: colours.text },
    className: 'tip',
    formatter,
    ...more,
  };
}

function tip(title, pairs) {
  const list = pairs.filter(([, value]) => value !== '').flatMap(([name, value]) =>
    [element('dt', { text: name }), element('dd', { text: value })]);
  return element('div', { children: [element('strong', { text: title }), element('dl', { children: list })] });
}

// The colour of what failed, with stripes.
function stripes() {
  const tile = element('canvas', { width: 8, height: 8 });
  const context = tile.getContext('2d');
  context.fillStyle = colours.failed;
  context.fillRect(0, 0, 8, 8);
  context.strokeStyle = colours.ground;
  context.lineWidth = 2;
  for (const shift of [-8, 0, 8]) {
    context.moveTo(shift - 1, 9);
    context.lineTo(shift + 9, -1);
  }
  context.stroke();
  return { image: tile, repeat: 'repeat' };
}

// --- timeline -------------------------------------------------------------------------------------

const ROWS_AT_ONCE = 40;
let marks = [];

// What is to be drawn of the bars in this window: bars that are too narrow are drawn together.
function marksIn(from, to, firstRow, lastRow, width) {
  const step = ((to - from) / width) * 3;
  const found = [];
  for (let row = firstRow; row <= lastRow; ++row) {
    let together = null;
    for (let i = firstBar(row, from); i < rowStart[row + 1] && bars.from[i] <= to; ++i) {
      if (bars.to[i] < from) continue;
      const mark = markOf(i);
      const narrow = mark.to - mark.from < step;
      const bucket = Math.floor(mark.from / step);
      if (narrow && together && together.bucket === bucket) {
        join(together, mark);
      } else {
        found.push(mark);
        together = narrow ? Object.assign(mark, { bucket }) : null;
      }
    }
  }
  return found;
}

function firstBar(row, from) {
  let low = rowStart[row];
  let high = rowStart[row + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars.to[middle] < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function markOf(i) {
  const many = bars.many[i];
  const length = bars.to[i] - bars.from[i];
  return { bar: i, row: bars.row[i], from: bars.from[i], to: bars.to[i], many, bad: bars.bad[i], busy: many > 1 ? bars.busy[i] / 1e6 : length };
}

function join(mark, next) {
  mark.many += next.many;
  mark.bad += next.bad;
  mark.busy += next.busy;
  mark.to = Math.max(mark.to, next.to);
}

const SHAPES = {
  succeeded: { top: 0, height: 1 },
  failed: { top: 0, height: 1 },
  retried: { top: 0.45, height: 0.55 },
  interrupted: { top: 0, height: 1 },
  duplicate: { top: 0.35, height: 0.3 },
};

function drawMark(params, api) {
  const mark = marks[api.value(3)];
  if (!mark) return null;
  const [x, y] = api.coord([mark.from, mark.row]);
  const right = api.coord([mark.to, mark.row])[0];
  const height = api.size([0, 1])[1] * 0.78;
  const area = params.coordSys;
  const left = Math.max(x, area.x);
  const width = Math.max(Math.min(right, area.x + area.width) - left, 1.5);
  const rect = (top, part, style) => ({
    type: 'rect',
    shape: { x: left, y: y - height / 2 + height * top, width: width > 3 ? width - 0.7 : width, height: height * part },
    style,
  });
  if (mark.many > 1) return { type: 'group', children: severalRects(mark, rect) };
  const kind = KINDS[bars.kind[mark.bar]];
  return rect(SHAPES[kind].top, SHAPES[kind].height, styleOf(kind));
}

let failedStripes = null;

function styleOf(kind) {
  if (kind === 'interrupted') return { fill: 'transparent', stroke: colours.interrupted, lineWidth: 1.5, lineDash: [3, 2] };
  return { fill: kind === 'failed' ? failedStripes : colours[kind] };
}

// How much of the time there was work, by how dark it is; and on top what failed.
function severalRects(mark, rect) {
  const share = Math.min(mark.busy / (mark.to - mark.from || 1), 1);
  const rects = [rect(0, 1, { fill: colours.succeeded, opacity: 0.35 + 0.5 * share })];
  if (mark.bad) rects.push(rect(0, Math.max(mark.bad / mark.many, 0.25), { fill: failedStripes }));
  return rects;
}

function tipOfMark({ dataIndex }) {
  const mark = marks[dataIndex];
  if (!mark) return '';
  if (mark.many > 1) {
    return tip(`${plural(mark.many, 'attempt')}, from task ${bars.task[mark.bar]} on`, [
      ['at', placeOfRow(mark.row)],
      ['failed', number(mark.bad)],
      ['from', duration(mark.from)],
      ['to', duration(mark.to)],
      ['work', duration(mark.busy)],
    ]);
  }
  const i = mark.bar;
  return tip(`task ${bars.task[i]}`, [
    ['', textOf(bars.task[i])],
    ['', KIND_TEXTS[KINDS[bars.kind[i]]]],
    ['ended', ended(data.outcomes[bars.outcome[i]], bars.status[i])],
    ['attempt', String(bars.number[i])],
    ['at', placeOfRow(mark.row)],
    ['started', `${duration(mark.from)}, ${date(data.origin + mark.from)}`],
    ['took', duration(mark.to - mark.from)],
    ['CPU', bars.cpu[i] ? duration(bars.cpu[i] / 1e6) : ''],
    ['memory', size(bars.rss[i] * 1024)],
  ]);
}

function nameWidth() {
  const most = byId('timeline-chart').clientWidth < 600 ? 112 : 190;
  const longest = data.rows.reduce((length, row, i) => Math.max(length, placeOfRow(i).length - 3), 0);
  return Math.min(18 + 6.6 * longest, most);
}

function shownRows() {
  return Math.min(data.rows.length, ROWS_AT_ONCE);
}

// The part of the timeline that is shown: x in seconds, y in rows.
function shownWindow() {
  const { dataZoom } = charts.get('timeline-chart').getOption();
  const [x, , y] = dataZoom;
  return { from: x.startValue, to: x.endValue, firstRow: y ? y.startValue : 0, lastRow: y ? y.endValue : data.rows.length - 1 };
}

function drawTimeline() {
  const many = data.rows.length > ROWS_AT_ONCE;
  const made = chart('timeline-chart', `Timeline of ${plural(data.totals.attempts, 'attempt')} in ${plural(data.rows.length, 'slot')}; the table below has each.`);
  byId('timeline-chart').style.height = `${shownRows() * (shownRows() > 12 ? 17 : 24) + 72}px`;
  made.resize();
  failedStripes = stripes();
  made.setOption({
    animation: false,
    grid: { left: nameWidth(), right: many ? 34 : 14, top: 8, bottom: 62 },
    xAxis: timeAxis(),
    yAxis: axis({
      type: 'category',
      inverse: true,
      data: data.rows.map((row, i) => placeOfRow(i)),
      axisLabel: { color: colours.faint, width: nameWidth() - 12, overflow: 'truncate', formatter: (text) => text.replace(', slot ', ' · ') },
    }),
    tooltip: tooltip(tipOfMark, { trigger: 'item' }),
    dataZoom: [
      { id: 'drag', type: 'inside', xAxisIndex: 0, filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: 'shift', preventDefaultMouseMove: false, throttle: 40 },
      { id: 'slider', type: 'slider', xAxisIndex: 0, filterMode: 'none', bottom: 10, height: 22, showDetail: false, throttle: 40, borderColor: colours.line, fillerColor: `${colours.running}33`, backgroundColor: colours.card, dataBackground: { areaStyle: { opacity: 0 }, lineStyle: { opacity: 0 } } },
      ...(many ? [{ id: 'rows', type: 'slider', yAxisIndex: 0, filterMode: 'none', right: 6, width: 18, startValue: 0, endValue: ROWS_AT_ONCE - 1, zoomLock: true, brushSelect: false, showDetail: false, borderColor: colours.line, backgroundColor: colours.card }] : []),
    ],
    series: [{ id: 'bars', type: 'custom', renderItem: drawMark, encode: { x: [1, 2], y: 0 }, progressive: 0, clip: true, data: [] }],
  });
  drawMarks();
}

function drawMarks() {
  const made = charts.get('timeline-chart');
  const { from, to, firstRow, lastRow } = shownWindow();
  const width = made.getWidth() - nameWidth();
  marks = marksIn(from, to, firstRow, lastRow, Math.max(width, 100));
  made.setOption({ series: [{ id: 'bars', data: marks.map((mark, i) => [mark.row, mark.from, mark.to, i]) }] });
}

let drawing = false;

function timelineMoved() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawMarks();
    const { from, to } = shownWindow();
    charts.get('course-chart')?.dispatchAction({ type: 'dataZoom', startValue: from, endValue: to });
  });
}

// Shows the part that is so many times as long, moved by so much of its length.
function zoom(factor, shift = 0) {
  const whole = data.totals.elapsed || 1;
  const { from, to } = shownWindow();
  const length = Math.min((to - from) * factor, whole);
  const middle = (from + to) / 2 + shift * (to - from);
  const start = Math.min(Math.max(middle - length / 2, 0), whole - length);
  charts.get('timeline-chart').dispatchAction({ type: 'dataZoom', dataZoomIndex: 0, startValue: start, endValue: start + length });
}

function zoomOut() {
  zoom(Infinity);
}

const KEYS = {
  '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), '0': zoomOut, Home: zoomOut,
  ArrowLeft: () => zoom(1, -0.25), ArrowRight: () => zoom(1, 0.25),
};

function setUpTimeline() {
  charts.get('timeline-chart').on('datazoom', timelineMoved);
  byId('zoom').append(
    button('−', 'Zoom out', KEYS['-']), ' ', button('+', 'Zoom in', KEYS['+']), ' ',
    button('←', 'Earlier', KEYS.ArrowLeft), ' ', button('→', 'Later', KEYS.ArrowRight), ' ',
    button('All', 'Show all of it', zoomOut),
  );
  byId('timeline-keys').setAttribute('aria-label', 'Timeline: + and − zoom, arrow keys move, 0 shows all of it');
  byId('timeline-keys').addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
}

function showLegend() {
  const there = KINDS.filter((kind, code) => bars.kind.includes(code));
  const entry = (kind, text) => element('li', { children: [element('span', { class: `swatch ${kind}` }), text] });
  byId('legend').append(...there.map((kind) => entry(kind, KIND_TEXTS[kind])), entry('several', 'several, striped on top if some failed'));
  if (bars.count < data.totals.attempts) {
    byId('merged').textContent = `Of ${number(data.totals.attempts)} attempts brief ones are put together; the journal has each.`;
  }
}

function showBarTable() {
  const columns = [
    { title: 'Task', value: (i) => bars.task[i], numeric: true },
    { title: 'Text', value: (i) => textOf(bars.task[i]), wide: true },
    { title: 'Attempt', value: (i) => bars.number[i], numeric: true },
    { title: 'At', value: (i) => bars.row[i], text: (i) => placeOfRow(bars.row[i]) },
    { title: 'Started', value: (i) => bars.from[i], text: (i) => duration(bars.from[i]), numeric: true },
    { title: 'Took', value: (i) => bars.to[i] - bars.from[i], text: (i) => duration(bars.to[i] - bars.from[i]), numeric: true },
    { title: 'CPU', value: (i) => bars.cpu[i], text: (i) => (bars.cpu[i] ? duration(bars.cpu[i] / 1e6) : ''), numeric: true },
    { title: 'Memory', value: (i) => bars.rss[i], text: (i) => size(bars.rss[i] * 1024), numeric: true },
    { title: 'Ended', value: (i) => bars.kind[i], text: (i) => `${KIND_TEXTS[KINDS[bars.kind[i]]]} (${ended(data.outcomes[bars.outcome[i]], bars.status[i])})` },
  ];
  if (bars.count < data.totals.attempts) {
    columns.splice(3, 0, { title: 'Attempts', value: (i) => bars.many[i], numeric: true }, { title: 'Failed', value: (i) => bars.bad[i], numeric: true });
  }
  const title = `All ${plural(bars.count, 'bar')} as a table`;
  byId('timeline').append(foldedTable(title, columns, () => Array.from({ length: bars.count }, (_, i) => i)));
}

// --- the other charts -----------------------------------------------------------------------------

function drawCourse() {
  const { course } = data;
  const at = (values) => values.map((value, i) => [i * course.step, value]);
  const middle = (values) => values.map((value, i) => [(i + 0.5) * course.step, value]);
  const well = course.ended.map((count, i) => count - course.failed[i]);
  const last = course.running.length - 1;
  const running = [...at(course.running), [data.totals.elapsed, course.running[last]]];
  const valueAxis = (name, grid) => axis({ type: 'value', name, gridIndex: grid, minInterval: grid, splitNumber: 3, splitLine: { show: true, lineStyle: { color: colours.line, opacity: 0.5 } } });
  const series = (name, colour, values, more) => ({ name, type: 'bar', stack: 'ended', xAxisIndex: 1, yAxisIndex: 1, barCategoryGap: '10%', data: values, itemStyle: { color: colour, ...more } });
  chart('course-chart', 'How many tasks ran, and how many ended; the table below has the figures.').setOption({
    animation: false,
    grid: [{ left: 60, right: 14, top: 28, height: 100 }, { left: 60, right: 14, top: 170, height: 90 }],
    xAxis: [timeAxis({ axisLabel: { show: false } }), timeAxis({ gridIndex: 1 })],
    yAxis: [valueAxis('running', 0), valueAxis(`ended in ${duration(course.step)}`, 1)],
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    tooltip: tooltip(tipOfStep, { trigger: 'axis' }),
    dataZoom: [{ type: 'inside', xAxisIndex: [0, 1], filterMode: 'none', disabled: true }],
    series: [
      { name: 'running', type: 'line', step: 'end', symbol: 'none', data: running, lineStyle: { color: colours.running, width: 1.5 }, areaStyle: { color: colours.running, opacity: 0.2 }, itemStyle: { color: colours.running } },
      series('succeeded', colours.succeeded, middle(well)),
      series('failed', colours.failed, middle(course.failed), { decal: { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 2], rotation: -Math.PI / 4, color: colours.ground } }),
    ],
  });
}

function tipOfStep(points) {
  const { course } = data;
  const i = Math.min(Math.max(Math.floor(points[0].axisValue / course.step + 1e-6), 0), course.ended.length - 1);
  return tip(`${duration(i * course.step)} to ${duration((i + 1) * course.step)}`, [
    ['running', String(course.running[i])],
    ['ended', number(course.ended[i])],
    ['of these failed', number(course.failed[i])],
  ]);
}

function showCourseTable() {
  const { course } = data;
  const columns = [
    { title: 'From', value: (i) => i, text: (i) => duration(i * course.step), numeric: true },
    { title: 'Running', value: (i) => course.running[i], numeric: true },
    { title: 'Ended', value: (i) => course.ended[i], text: (i) => number(course.ended[i]), numeric: true },
    { title: 'Failed', value: (i) => course.failed[i], text: (i) => number(course.failed[i]), numeric: true },
  ];
  byId('course').append(foldedTable('Running and ended as a table', columns, () => course.ended.map((_, i) => i)));
}

function drawHistogram(id, { edges, counts }, unit, label) {
  chart(`${id}-chart`, `${label}; the table below has the figures.`).setOption({
    animation: false,
    grid: { left: 60, right: 14, top: 28, bottom: 40 },
    xAxis: axis({ type: 'category', data: edges.slice(0, -1).map(unit) }),
    yAxis: axis({ type: 'value', name: 'attempts', minInterval: 1, splitLine: { show: true, lineStyle: { color: colours.line, opacity: 0.5 } } }),
    tooltip: tooltip(([{ dataIndex: i }]) => tip(`${unit(edges[i])} to ${unit(edges[i + 1])}`, [['attempts', number(counts[i])]]), { trigger: 'axis', axisPointer: { type: 'shadow' } }),
    series: [{ type: 'bar', barCategoryGap: '8%', data: counts, itemStyle: { color: colours.running } }],
  });
}

function showHistogramTable(id, { edges, counts }, unit) {
  const columns = [
    { title: 'From', value: (i) => edges[i], text: (i) => unit(edges[i]), numeric: true },
    { title: 'To', value: (i) => edges[i + 1], text: (i) => unit(edges[i + 1]), numeric: true },
    { title: 'Attempts', value: (i) => counts[i], text: (i) => number(counts[i]), numeric: true },
  ];
  byId(id).append(foldedTable('As a table', columns, () => counts.map((_, i) => i)));
}

function mebibytes(value) {
  return size(value * 2 ** 20) || '0';
}

const HISTOGRAMS = [
  ['durations', data.durations, duration, 'How long attempts took'],
  ['memory', data.memory, mebibytes, 'How much memory attempts had'],
].filter(([id, { counts }]) => counts?.length || byId(id).remove());

// --- the tables -----------------------------------------------------------------------------------

function showWorkers() {
  const { elapsed } = data.totals;
  const slots = new Map();
  for (const [worker] of data.rows) slots.set(worker, (slots.get(worker) ?? 0) + 1);
  const column = (title, at, text) => ({ title, value: (i) => data.workers[i][at], text: (i) => text(data.workers[i][at]), numeric: true });
  const columns = [
    { title: 'Worker', value: workerName },
    { title: 'Slots', value: (i) => slots.get(i) ?? 0, numeric: true },
    column('Tasks', 0, number),
    column('Failed', 1, number),
    column('Attempts', 2, number),
    { title: 'Busy', value: (i) => data.workers[i][3] / slots.get(i), text: (i) => percent(elapsed ? data.workers[i][3] / slots.get(i) / elapsed : 0), numeric: true },
    column('Work', 3, duration),
    { title: 'Mean', value: (i) => data.workers[i][3] / data.workers[i][2], text: (i) => duration(data.workers[i][3] / data.workers[i][2]), numeric: true },
    column('Longest', 4, duration),
    column('CPU', 5, (value) => (value ? duration(value) : '')),
    column('Largest task', 6, size),
  ];
  fill('workers', data.workers.map((_, i) => i), columns, `${plural(data.workers.length, 'worker')}; busy is the share of the batch's time in which their slots had work`);
}

function showFailures() {
  const { failures, totals } = data;
  if (failures.length === 0) {
    byId('failures').remove();
    return;
  }
  if (failures.length < totals.failed) {
    byId('failures').append(element('p', { class: 'note', text: `The first ${number(failures.length)} of ${number(totals.failed)}; the journal's view "failed" has all.` }));
  }
  const shown = failures.slice(0, PAGE).map(failure);
  byId('failures').append(...shown);
  if (failures.length <= PAGE) return;
  byId('failures').append(fold(`${number(failures.length - PAGE)} more`, () => failures.slice(PAGE).map(failure)));
}

function failure(task) {
  const tries = task.number > 1 ? `, attempt ${task.number}` : '';
  const at = task.worker ? ` on ${visible(task.worker)}${task.slot ? `, slot ${task.slot}` : ''}` : '';
  const how = `${ended(task.outcome, task.status)}${at}${tries}, after ${duration(task.took)}`;
  const children = [
    element('h3', { children: [`task ${task.task}: `, element('code', { text: visible(task.text) })] }),
    element('p', { text: `✗ ${how}${task.reason ? `: ${visible(task.reason)}` : ''}` }),
  ];
  if (task.errors) children.push(element('pre', { text: visibleLines(task.errors), tabindex: '0', 'aria-label': `End of the error output of task ${task.task}` }));
  return element('article', { class: 'failure', children });
}

function showSuperseded() {
  const columns = [
    { title: 'Task', value: (row) => row.task, numeric: true },
    { title: 'Text', value: (row) => visible(row.text), wide: true },
    { title: 'Attempt', value: (row) => row.number, numeric: true },
    { title: 'At', value: (row) => `${visible(row.worker)}${row.slot ? `, slot ${row.slot}` : ''}` },
    { title: 'Ended', value: (row) => `${ended(row.outcome, row.status)}${row.success ? ', a second time' : ''}` },
    { title: 'Started', value: (row) => row.started, text: (row) => duration(row.started), numeric: true },
    { title: 'Took', value: (row) => row.took, text: (row) => duration(row.took), numeric: true },
  ];
  fill('superseded', data.superseded, columns, 'Attempts that are not their tasks\' results');
}

function attemptColumns(...more) {
  return [
    { title: 'Task', value: (row) => row.task, numeric: true },
    { title: 'Text', value: (row) => textOf(row.task), wide: true },
    { title: 'At', value: (row) => place(row.worker, row.slot) },
    ...more,
  ];
}

const TOOK = { title: 'Took', value: (row) => row.took, text: (row) => duration(row.took), numeric: true };
const CPU = { title: 'CPU', value: (row) => row.cpu, text: (row) => (row.cpu ? duration(row.cpu) : ''), numeric: true };
const MEMORY = { title: 'Memory', value: (row) => row.rss, text: (row) => size(row.rss), numeric: true };
const STARTED = { title: 'Started', value: (row) => row.started, text: (row) => duration(row.started), numeric: true };
const ENDED = { title: 'Ended', value: (row) => row.started + row.took, text: (row) => duration(row.started + row.took), numeric: true };

function showWaits() {
  fill('tail', data.tail?.attempts ?? [], attemptColumns(STARTED, TOOK, ENDED),
    `What ran from ${duration(data.tail?.since ?? 0)} on, when fewer than half as many ran as at most; what ended last comes first`, FEW);
  const stalls = data.stalls.map(({ since, attempt }) => ({ ...attempt, since }));
  const waited = (row) => row.started + row.took - row.since;
  fill('stalls', stalls, [
    { title: 'For', value: waited, text: (row) => duration(waited(row)), numeric: true },
    { title: 'From', value: (row) => row.since, text: (row) => duration(row.since), numeric: true },
    ...attemptColumns(TOOK),
  ], 'The longest times in which nothing ended, and which task then did', FEW);
  fill('idle', data.idle, [
    { title: 'At', value: ([row]) => row, text: ([row]) => placeOfRow(row) },
    { title: 'For', value: ([, since, until]) => until - since, text: ([, since, until]) => duration(until - since), numeric: true },
    { title: 'From', value: ([, since]) => since, text: ([, since]) => duration(since), numeric: true },
    { title: 'To', value: ([, , until]) => until, text: ([, , until]) => duration(until), numeric: true },
  ], 'The longest times in which a slot had nothing to do', FEW);
  fill('slowest', data.slowest, attemptColumns(TOOK, CPU, MEMORY), 'The longest attempts', FEW);
  fill('busiest', data.busiest, attemptColumns(CPU, TOOK, MEMORY), 'Attempts with most CPU time', FEW);
  fill('largest', data.largest, attemptColumns(MEMORY, TOOK, CPU), 'Attempts with most memory', FEW);
}

// --- all of it ------------------------------------------------------------------------------------

function draw() {
  readColours();
  if (bars.count) {
    drawTimeline();
    drawCourse();
  }
  for (const [id, histogram, unit, label] of HISTOGRAMS) drawHistogram(id, histogram, unit, label);
}

function resize() {
  for (const made of charts.values()) made.resize();
  if (bars.count) drawTimeline();
}

// Dark or not, and on paper.
function drawAnewWhen(media) {
  matchMedia(media).addEventListener('change', draw);
}

showHead();
showHeadline();
showGlance();
draw();
if (bars.count) {
  setUpTimeline();
  showLegend();
  showBarTable();
  showCourseTable();
} else {
  byId('timeline').remove();
  byId('course').remove();
}
for (const [id, histogram, unit] of HISTOGRAMS) showHistogramTable(id, histogram, unit);
showWorkers();
showFailures();
showSuperseded();
showWaits();
drawAnewWhen('(prefers-color-scheme: dark)');
drawAnewWhen('print');
addEventListener('resize', resize);
addEventListener('beforeprint', () => folds.forEach((open) => open()));
document.documentElement.dataset.ready = 'yes';
