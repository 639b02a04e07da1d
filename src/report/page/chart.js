// What all charts have in common.
import { KINDS, data } from './batch_data.js';
import { init } from './echarts.js';
import { byId, element } from './elements.js';
import { brief, duration } from './texts.js';

const COLOURS = ['ground', 'card', 'line', 'text', 'faint', 'running', ...KINDS];
const charts = new Map();
const drawings = [];

// As the style has them now: light, dark, or for paper.
export let colours = readColours();
export let stripes = striped();

function readColours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

// The colour of what failed, with stripes. A decal of the library is made anew for each shape, which takes seconds where
// thousands failed.
function striped() {
  const image = element('canvas', { width: 8, height: 8 });
  const context = image.getContext('2d');
  context.fillStyle = colours.failed;
  context.fillRect(0, 0, 8, 8);
  context.strokeStyle = colours.ground;
  context.lineWidth = 2;
  for (const shift of [-8, 0, 8]) {
    context.moveTo(shift - 1, 9);
    context.lineTo(shift + 9, -1);
  }
  context.stroke();
  return { image, repeat: 'repeat' };
}

// Draws, and draws again when colours or sizes have changed.
export function keepDrawn(draw) {
  drawings.push(draw);
  draw();
}

export function drawAnew() {
  colours = readColours();
  stripes = striped();
  for (const made of charts.values()) made.resize();
  for (const draw of drawings) draw();
}

// `label` is for those who do not see it.
export function chartIn(id, label) {
  if (!charts.has(id)) charts.set(id, init(byId(id), null, { renderer: 'canvas' }));
  byId(id).setAttribute('aria-label', label);
  return charts.get(id);
}

export function chartOf(id) {
  return charts.get(id);
}

export function axis(more) {
  return {
    axisLine: { show: true, lineStyle: { color: colours.line } },
    axisLabel: { color: colours.faint, hideOverlap: true },
    axisTick: { show: false },
    splitLine: { show: false },
    nameTextStyle: { color: colours.faint, align: 'left' },
    ...more,
  };
}

export function splitLine() {
  return { show: true, lineStyle: { color: colours.line, opacity: 0.5 } };
}

export function timeAxis(more) {
  return axis({
    type: 'value',
    min: 0,
    max: data.totals.elapsed || 1,
    containShape: false,
    axisLabel: { color: colours.faint, hideOverlap: true, formatter: (seconds) => brief(duration(seconds)), showMaxLabel: false },
    splitLine: splitLine(),
    ...more,
  });
}

export function tooltip(formatter, more) {
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

// What it tells: pairs of a name and a text.
export function tip(title, pairs) {
  const list = pairs.filter(([, value]) => value !== '').flatMap(([name, value]) =>
    [element('dt', { text: name }), element('dd', { text: value })]);
  return element('div', { children: [element('strong', { text: title }), element('dl', { children: list })] });
}
