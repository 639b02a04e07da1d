// The bars, the workers, attempts that are no results, and what took time.
import { bars, data, endOf, place, placeOfRow, textOf, underWay, workerName } from './batch_data.js';
import { byId } from './elements.js';
import { figure, fillSection, foldedTable, longText, words } from './table.js';
import { cpuTime, duration, ended, moment, number, percent, size, visible } from './texts.js';

const FEW = 8;

export function showBarTable() {
  const merged = bars.count < data.totals.attempts;
  byId('timeline').append(foldedTable(`${merged ? 'Bars' : 'Attempts'} as a table`, [
    figure('Task', (i) => bars.task[i]),
    longText('Text', (i) => textOf(bars.task[i])),
    figure('Attempt', (i) => bars.number[i]),
    ...(merged ? [figure('Attempts', (i) => bars.many[i]), figure('Failed', (i) => bars.bad[i])] : []),
    words('At', (i) => placeOfRow(bars.row[i])),
    figure('Started', (i) => bars.from[i], moment),
    figure('Took', (i) => bars.to[i] - bars.from[i], duration),
    figure('CPU', (i) => bars.cpu[i] / 1e6, cpuTime),
    figure('Memory', (i) => bars.rss[i] * 1024, size),
    words('Ended', endOf),
  ], bars.count));
}

export function showWorkers() {
  const { workers, rows, totals } = data;
  const slots = workers.map((_, worker) => rows.filter(([of]) => of === worker).length);
  const all = workers.map(([tasks, failed, attempts, work, longest, cpu, memory], i) =>
    ({ name: workerName(i), slots: slots[i], tasks, failed, attempts, work, longest, cpu, memory }));
  fillSection('workers', all, [
    words('Worker', (worker) => worker.name),
    figure('Slots', (worker) => worker.slots),
    figure('Tasks', (worker) => worker.tasks, number),
    figure('Failed', (worker) => worker.failed, number),
    figure('Attempts', (worker) => worker.attempts, number),
    figure('Busy', (worker) => worker.work / worker.slots / (totals.elapsed || 1), percent),
    figure('Work', (worker) => worker.work, duration),
    figure('Mean', (worker) => worker.work / worker.attempts, duration),
    figure('Longest', (worker) => worker.longest, duration),
    figure('CPU', (worker) => worker.cpu, cpuTime),
    figure('Largest task', (worker) => worker.memory, size),
  ], 'Busy is the share of the batch\'s time in which their slots had work.');
}

const TASK = figure('Task', (row) => row.task);
const STARTED = figure('Started', (row) => row.started, moment);
const TOOK = figure('Took', (row) => row.took, duration);
const ENDED = figure('Ended', (row) => row.started + row.took, moment);
const CPU = figure('CPU', (row) => row.cpu, cpuTime);
const MEMORY = figure('Memory', (row) => row.rss, size);

export function showSuperseded() {
  fillSection('superseded', data.superseded, [
    TASK,
    longText('Text', (row) => visible(row.text)),
    figure('Attempt', (row) => row.number),
    words('At', (row) => `${visible(row.worker)}${row.slot ? `, slot ${row.slot}` : ''}`),
    words('Ended', (row) => `${ended(row.outcome, row.status)}${row.success ? ', a second time' : ''}`),
    STARTED,
    TOOK,
  ], 'Attempts that are not their tasks\' results.');
}

const WHICH = [
  TASK,
  longText('Text', (row) => textOf(row.task)),
  words('At', (row) => place(row.worker, row.slot)),
];

export function showWaits() {
  const { since, attempts } = (!underWay && data.tail) || { since: 0, attempts: [] };
  const last = `What ran from ${moment(since)} on, when fewer than half as many ran as at most; what ended last comes first.`;
  fillSection('tail', attempts, [...WHICH, STARTED, TOOK, ENDED], last, FEW);

  fillSection('stalls', data.stalls.map(({ since, attempt }) => ({ ...attempt, since })), [
    figure('For', (row) => row.started + row.took - row.since, duration),
    figure('From', (row) => row.since, moment),
    ...WHICH,
    TOOK,
  ], 'The longest times, and which task then ended.', FEW);

  // Until the end a slot may have something that runs.
  const idle = data.idle.filter(([, , to]) => !underWay || to < data.totals.elapsed);
  fillSection('idle', idle, [
    words('At', ([row]) => placeOfRow(row)),
    figure('For', ([, from, to]) => to - from, duration),
    figure('From', ([, from]) => from, moment),
    figure('To', ([, , to]) => to, moment),
  ], '', FEW);
}

export function showLargest() {
  fillSection('slowest', data.slowest, [...WHICH, TOOK, CPU, MEMORY], '', FEW);
  fillSection('busiest', data.busiest, [...WHICH, CPU, TOOK, MEMORY], '', FEW);
  fillSection('largest', data.largest, [...WHICH, MEMORY, TOOK, CPU], '', FEW);
}
