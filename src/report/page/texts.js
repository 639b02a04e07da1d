// Figures as they are read, and texts as they are shown.

export const number = new Intl.NumberFormat('en').format;

export function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

export function duration(seconds) {
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995e-3) return `${significant(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${significant(seconds * 1e3)} ms`;
  if (seconds < 59.95) return `${significant(seconds)} s`;
  return clock(seconds);
}

function significant(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

// A point in time; more exactly than a duration, for it is compared with others.
export function moment(seconds) {
  if (seconds < 59.95 || seconds >= 3600) return duration(seconds);
  const tenths = Math.round(seconds * 10);
  return `${clock(Math.floor(tenths / 10))}.${tenths % 10}`;
}

// As they stand at an axis: 2 s, not 2.00 s.
export function brief(text) {
  return text.replace(/(\.\d*[1-9])0+ |\.0+ /, '$1 ');
}

// 1:05, 1:00:05
function clock(seconds) {
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function date(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

// Nothing where it is not known: no process has no memory.
export function size(bytes) {
  if (!bytes) return '';
  for (const [unit, factor] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]]) {
    if (bytes >= factor) return `${significant(bytes / factor)} ${unit}`;
  }
  return `${bytes} B`;
}

// The same of CPU time.
export function cpuTime(seconds) {
  return seconds ? duration(seconds) : '';
}

// What does not show itself, or turns the direction of writing, is shown by its number.
export function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    if (character === '\n') return '↵';
    if (character === '\t') return '⇥';
    return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

// The same of several lines.
export function visibleLines(text) {
  return text.split('\n').map((line) => line.split('\t').map(visible).join('\t')).join('\n');
}

export function ended(outcome, status) {
  if (outcome === 'exited') return `exit status ${status}`;
  if (outcome === 'signalled') return `signal ${status}`;
  return outcome;
}
