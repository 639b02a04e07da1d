// What marks mean that are in the timeline when all of it is shown.
import { KINDS, KIND_TEXTS, bars, data } from './batch_data.js';
import { byId, element } from './elements.js';
import { number } from './texts.js';
import { marks } from './timeline.js';

export function showLegend() {
  const entry = (kind, text) => element('li', { children: [element('span', { class: `swatch ${kind}` }), text] });
  const there = KINDS.filter((_, code) => bars.kind.includes(code));
  byId('legend').append(...there.map((kind) => entry(kind, KIND_TEXTS[kind])));
  if (marks.some(({ many }) => many > 1)) {
    byId('legend').append(entry('several', 'several, striped on top if some failed'));
  }
  if (bars.count === data.totals.attempts) return;
  const all = number(data.totals.attempts);
  byId('merged').textContent = `Of ${all} attempts brief ones are put together; the journal has each.`;
}
