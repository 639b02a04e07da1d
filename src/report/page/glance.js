// The batch in a few sentences.
import { data, place, placeOfRow, taskText, underWay, workerName } from './batch_data.js';
import { byId, element } from './elements.js';
import { duration, moment, number, percent, plural } from './texts.js';

const { totals } = data;
const LONG = 0.05;  // of the time that all took, which is worth telling
const ON_ITS_WAY = 'What runs is not shown: the journal has a task when it ends.';

export function showGlance() {
  const sentences = [...others(), stall(), ...(underWay ? [ON_ITS_WAY] : [lastTask(), idleSlot()])];
  byId('glance').append(failed(), ...sentences.filter(Boolean).map((text) => element('li', { text })));
}

function failed() {
  const { recorded, failed } = totals;
  const tasks = `${plural(recorded, 'task')}${underWay ? ' so far' : ''}`;
  if (recorded === 0) return element('li', { text: 'No task has ended.' });
  if (failed === 0) return element('li', { class: 'well', text: `Of ${tasks} none failed.` });
  const which = recorded === 1 ? tasks : failed === recorded ? `All ${tasks}` : `${number(failed)} of ${tasks}`;
  return element('li', { class: 'bad', text: `${which} failed${where()}.` });
}

// On which workers.
function where() {
  const at = data.workers.map(([, count], i) => [count, i]).filter(([count]) => count).sort(([a], [b]) => b - a);
  if (at.length === 0) return '';
  const places = at.slice(0, 3).map(([count, i]) => `${number(count)} on ${workerName(i)}`);
  if (at.length > 3) places.push(`the others on ${plural(at.length - 3, 'more worker')}`);
  return `: ${places.join(', ')}`;
}

function others() {
  return [
    [totals.retried, 'failed and was tried again', 'failed and were tried again'],
    [totals.strikes, 'was lost with its worker', 'were lost with their workers'],
    [totals.interrupted, 'was interrupted', 'were interrupted'],
    [totals.duplicates, 'succeeded a second time', 'succeeded a second time'],
  ].map(([count, one, many]) => count && `${plural(count, 'attempt')} ${count === 1 ? one : many}.`);
}

function lastTask() {
  const { tail } = data;
  if (!tail?.attempts.length) return null;
  const [last] = tail.attempts;
  const length = totals.elapsed - tail.since;
  const thin = length < LONG * totals.elapsed
    ? '' : `; for the last ${duration(length)} fewer than half as many tasks ran as at most`;
  const which = `${taskText(last.task)} on ${place(last.worker, last.slot)}`;
  return `The end waited for ${which}, which took ${duration(last.took)}${thin}.`;
}

function stall() {
  if (!data.stalls.length) return null;
  const [{ attempt, since }] = data.stalls;
  const length = attempt.started + attempt.took - since;
  if (since === 0 || length < LONG * totals.elapsed) return null;
  const until = `${taskText(attempt.task)} did on ${place(attempt.worker, attempt.slot)}`;
  return `Nothing ended for ${duration(length)} from ${moment(since)} on, until ${until}.`;
}

function idleSlot() {
  const shares = data.rows.map(([, slot, , busy], row) => [slot ? 1 - busy / totals.elapsed : 0, row]);
  const [share, row] = shares.reduce((a, b) => (b[0] > a[0] ? b : a), [0, -1]);
  if (share < LONG) return null;
  return `${placeOfRow(row)} had nothing to do for ${percent(share)} of the time, more than any other slot.`;
}
