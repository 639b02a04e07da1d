// The failed tasks, with the end of their error output.
import { data } from './batch_data.js';
import { byId, element, fold } from './elements.js';
import { duration, ended, number, visible, visibleLines } from './texts.js';

const AT_ONCE = 25;

export function showFailures() {
  const { failures, totals } = data;
  const section = byId('failures');
  if (failures.length === 0) return section.remove();
  if (failures.length < totals.failed) {
    const text = `The first ${number(failures.length)} of ${number(totals.failed)}; the journal's view "failed" has all.`;
    section.append(element('p', { class: 'note', text }));
  }
  section.append(...failures.slice(0, AT_ONCE).map(failure));
  const rest = failures.slice(AT_ONCE);
  if (rest.length) section.append(fold(`${number(rest.length)} more`, () => rest.map(failure)));
  return section;
}

function failure(task) {
  const reason = task.reason ? `: ${visible(task.reason)}` : '';
  const children = [
    element('h3', { children: [`task ${task.task}: `, element('code', { text: visible(task.text) })] }),
    element('p', { text: `✗ ${how(task)}${reason}` }),
  ];
  if (task.errors) children.push(errorOutput(task));
  return element('article', { class: 'failure', children });
}

function how({ outcome, status, worker, slot, number: attempt, took }) {
  const at = worker ? ` on ${visible(worker)}${slot ? `, slot ${slot}` : ''}` : '';
  return `${ended(outcome, status)}${at}${attempt > 1 ? `, attempt ${attempt}` : ''}, after ${duration(took)}`;
}

// It may be scrolled, so it takes the focus.
function errorOutput({ task, errors }) {
  const label = `End of the error output of task ${task}`;
  return element('pre', { text: visibleLines(errors), tabindex: '0', role: 'region', 'aria-label': label });
}
