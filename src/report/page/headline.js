// What batch it is, and its figures in large.
import { data, underWay } from './batch_data.js';
import { byId, element } from './elements.js';
import { date, duration, number, plural, size, visible, visibleLines } from './texts.js';

const { batch, totals } = data;

export function showHead() {
  const name = batch.name ? visible(batch.name) : `Batch of ${date(batch.begun)}`;
  document.title = `${name} – divvy report`;
  byId('title').textContent = name;
  byId('when').append('Begun ', time(batch.begun), ', ', ...state());
  if (batch.command) byId('command').textContent = visibleLines(batch.command);
  else byId('command').remove();
}

function state() {
  if (underWay) return [`not ended when this was written: ${visible(batch.holder)}`];
  if (!batch.finished) return [batch.tasks === 0 ? 'ended without a task' : 'not finished'];
  const whole = totals.recorded + batch.skipped >= (batch.tasks ?? totals.recorded);
  return [whole ? 'finished ' : 'stopped ', time(batch.finished)];
}

function time(seconds) {
  return element('time', { text: date(seconds), datetime: new Date(seconds * 1000).toISOString() });
}

export function showHeadline() {
  byId('headline').append(...cards().map(([name, value, more, kind = '']) => {
    const said = element('dd', { text: value, children: more ? [element('small', { text: more })] : [] });
    return element('div', { class: kind, children: [element('dt', { text: name }), said] });
  }));
}

// What it is, its figure, what more there is to say.
function cards() {
  const { recorded, failed, lost, elapsed, work, cpu } = totals;
  const whole = batch.tasks === null ? (underWay ? 'so far' : '') : `of ${number(batch.tasks)}`;
  return [
    ['Tasks', number(recorded), batch.skipped ? `${whole}, ${number(batch.skipped)} skipped` : whole],
    ['Failed', number(failed), lost ? `${number(lost)} lost` : '', failed ? 'bad' : ''],
    ['Elapsed', duration(elapsed), 'start to last end'],
    ['Work', duration(work), plural(totals.attempts, 'attempt')],
    ['Slots busy', elapsed ? (work / elapsed).toFixed(1) : '0', `at most ${number(totals.most_at_once)} at once`],
    ['Cores used', elapsed && cpu ? (cpu / elapsed).toFixed(1) : '–', cpu ? `${duration(cpu)} of CPU` : 'not known'],
    ['Workers', number(data.worker_names.length), plural(data.rows.length, 'slot')],
    ['Largest task', size(totals.max_rss) || '–', totals.max_rss ? 'resident memory' : 'not known'],
  ];
}
