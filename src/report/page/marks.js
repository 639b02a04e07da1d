// What is drawn of the bars in a part of the timeline: bars that are too narrow are drawn together.
import { bars } from './batch_data.js';

const NARROW = 3;  // pixels
const rowStart = startsOfRows();

function startsOfRows() {
  const starts = [];
  for (let i = 0; i < bars.count; ++i) {
    while (starts.length <= bars.row[i]) starts.push(i);
  }
  return [...starts, bars.count];
}

export function marksIn({ from, to, firstRow, lastRow }, width) {
  const step = ((to - from) / width) * NARROW;
  const found = [];
  for (let row = firstRow; row <= lastRow; ++row) {
    let together = null;
    for (let i = firstBar(row, from); i < rowStart[row + 1] && bars.from[i] <= to; ++i) {
      if (bars.to[i] < from) continue;
      const mark = markOf(i);
      const narrow = mark.to - mark.from < step;
      const bucket = Math.floor(mark.from / step);
      if (narrow && together?.bucket === bucket) {
        join(together, mark);
      } else {
        found.push(mark);
        together = narrow ? Object.assign(mark, { bucket }) : null;
      }
    }
  }
  return found;
}

// Of those that end at `from` or later.
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

function markOf(bar) {
  const [from, to, many] = [bars.from[bar], bars.to[bar], bars.many[bar]];
  return { bar, row: bars.row[bar], from, to, many, bad: bars.bad[bar], busy: many > 1 ? bars.busy[bar] / 1e6 : to - from };
}

function join(mark, next) {
  mark.many += next.many;
  mark.bad += next.bad;
  mark.busy += next.busy;
  mark.to = Math.max(mark.to, next.to);
}
