// The bars, the workers, attempts that are no results, and what took time.
import { KIND_TEXTS, bars, data, kindOf, place, placeOfRow, textOf, workerName } from './batch_data.js';
import { byId } from './elements.js';
import { figure, fillSection, foldedTable, words } from './table.js';
import { cpuTime, duration, ended, number, percent, plural, size, visible } from './texts.js';

const FEW = 8;

export function showBarTable() {
  const merged = bars.count < data.totals.attempts;
  byId('timeline').append(foldedTable(`All ${plural(bars.count, 'bar')} as a table`, [
    figure('Task', (i) => bars.task[i]),
    words('Text', (i) => textOf(bars.task[i]), { wide: true }),
    figure('Attempt', (i) => bars.number[i]),
    ...(merged ? [figure('Attempts', (i) => bars.many[i]), figure('Failed', (i) => bars.bad[i])] : []),
    words('At', (i) => placeOfRow(bars.row[i])),
    figure('Started', (i) => bars.from[i], duration),
    figure('Took', (i) => bars.to[i] - bars.from[i], duration),
    figure('CPU', (i) => bars.cpu[i] / 1e6, cpuTime),
    figure('Memory', (i) => bars.rss[i] * 1024, size),
    words('Ended', (i) => `${KIND_TEXTS[kindOf(i)]} (${ended(data.outcomes[bars.outcome[i]], bars.status[i])})`),
  ], bars.count));
}

export function showWorkers() {
  const { workers, rows, totals } = data;
  const slots = workers.map((_, worker) => rows.filter(([of]) => of === worker).length);
  const all = workers.map(([tasks, failed, attempts, work, longest, cpu, memory], i) =>
    ({ name: workerName(i), slots: slots[i], tasks, failed, attempts, work, longest, cpu, memory }));
  const caption = `${plural(all.length, 'worker')}; busy is the share of the batch's time in which their slots had work`;
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
  ], caption);
}

const TASK = figure('Task', (row) => row.task);
const STARTED = figure('Started', (row) => row.started, duration);
const TOOK = figure('Took', (row) => row.took, duration);
const ENDED = figure('Ended', (row) => row.started + row.took, duration);
const CPU = figure('CPU', (row) => row.cpu, cpuTime);
const MEMORY = figure('Memory', (row) => row.rss, size);

export function showSuperseded() {
  fillSection('superseded', data.superseded, [
    TASK,
    words('Text', (row) => visible(row.text), { wide: true }),
    figure('Attempt', (row) => row.number),
    words('At', (row) => `${visible(row.worker)}${row.slot ? `, slot ${row.slot}` : ''}`),
    words('Ended', (row) => `${ended(row.outcome, row.status)}${row.success ? ', a second time' : ''}`),
    STARTED,
    TOOK,
  ], 'Attempts that are not their tasks\' results');
}

const WHICH = [
  TASK,
  words('Text', (row) => textOf(row.task), { wide: true }),
  words('At', (row) => place(row.worker, row.slot)),
];

export function showWaits() {
  const since = duration(data.tail?.since ?? 0);
  const last = `What ran from ${since} on, when fewer than half as many ran as at most; what ended last comes first`;
  fillSection('tail', data.tail?.attempts ?? [], [...WHICH, STARTED, TOOK, ENDED], last, FEW);

  fillSection('stalls', data.stalls.map(({ since, attempt }) => ({ ...attempt, since })), [
    figure('For', (row) => row.started + row.took - row.since, duration),
    figure('From', (row) => row.since, duration),
    ...WHICH,
    TOOK,
  ], 'The longest times in which nothing ended, and which task then did', FEW);

  fillSection('idle', data.idle, [
    words('At', ([row]) => placeOfRow(row)),
    figure('For', ([, from, to]) => to - from, duration),
    figure('From', ([, from]) => from, duration),
    figure('To', ([, , to]) => to, duration),
  ], 'The longest times in which a slot had nothing to do', FEW);
}

export function showLargest() {
  fillSection('slowest', data.slowest, [...WHICH, TOOK, CPU, MEMORY], 'The longest attempts', FEW);
  fillSection('busiest', data.busiest, [...WHICH, CPU, TOOK, MEMORY], 'Attempts with most CPU time', FEW);
  fillSection('largest', data.largest, [...WHICH, MEMORY, TOOK, CPU], 'Attempts with most memory', FEW);
}
