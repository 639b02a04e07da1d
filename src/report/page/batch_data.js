// The data that are in the page, and what they say of a task, a slot or a bar.
import { byId } from './elements.js';
import { ended, visible } from './texts.js';

export const data = JSON.parse(byId('data').textContent);
export const bars = unpackBars(data.bars);

// Its tasks that run are not in the data.
export const underWay = data.batch.holder !== '';

const texts = unpackTexts(data.texts);

// By their numbers in the data.
export const KINDS = ['succeeded', 'failed', 'retried', 'interrupted', 'duplicate'];
export const KIND_TEXTS = {
  succeeded: 'succeeded',
  failed: 'failed',
  retried: 'failed, and tried again',
  interrupted: 'interrupted',
  duplicate: 'succeeded, a second time',
};

export function kindOf(bar) {
  return KINDS[bars.kind[bar]];
}

// How its attempt ended.
export function endOf(bar) {
  return `${KIND_TEXTS[kindOf(bar)]} (${ended(data.outcomes[bars.outcome[bar]], bars.status[bar])})`;
}

export function textOf(task) {
  return visible(texts.get(task) ?? '');
}

// A task in a sentence.
export function taskText(task) {
  const text = textOf(task);
  const most = 60;
  const brief = text.length > most ? `${text.slice(0, most)}…` : text;
  return text && text !== String(task) ? `task ${task} (${brief})` : `task ${task}`;
}

export function workerName(worker) {
  return visible(data.worker_names[worker] ?? '');
}

export function place(worker, slot) {
  return slot ? `${workerName(worker)}, slot ${slot}` : workerName(worker);
}

export function placeOfRow(row) {
  const [worker, slot] = data.rows[row];
  return place(worker, slot);
}

function unpackBars({ count, ...packed }) {
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

// A column as it is in the data, or with one value almost everywhere.
function column(packed, count) {
  if (Array.isArray(packed)) return packed;
  const values = new Array(count).fill(packed.most);
  let at = 0;
  packed.at.forEach((step, i) => {
    at += step;
    values[at] = packed.is[i];
  });
  return values;
}
