// What moves the timeline besides the mouse: buttons, keys; and what moves with it.
import { data } from './batch_data.js';
import { chartOf } from './chart.js';
import { button, byId } from './elements.js';
import { drawMarks, moreRows, shownWindow, timeline } from './timeline.js';

export function setUpZoom() {
  const keys = byId('timeline-keys');
  keys.setAttribute('aria-label', 'Timeline: + and − zoom, arrow keys move, 0 shows all of it');
  keys.addEventListener('keydown', pressed);
  byId('zoom').append(
    button('−', 'Zoom out', KEYS['-']),
    button('+', 'Zoom in', KEYS['+']),
    button('←', 'Earlier', KEYS.ArrowLeft),
    button('→', 'Later', KEYS.ArrowRight),
    button('All', 'Show all of it', KEYS['0']),
  );
  byId('row-keys').hidden = !moreRows;
  timeline().on('datazoom', moved);
}

const KEYS = {
  '+': () => zoom(0.5),
  '=': () => zoom(0.5),
  '-': () => zoom(2),
  '0': () => zoom(Infinity),
  Home: () => zoom(Infinity),
  ArrowLeft: () => zoom(1, -0.25),
  ArrowRight: () => zoom(1, 0.25),
  ArrowUp: () => scroll(-5),
  ArrowDown: () => scroll(5),
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  if (KEYS[event.key]() !== false) event.preventDefault();
}

// Shows the part that is so many times as long, moved by so much of its length.
function zoom(factor, shift = 0) {
  const whole = data.totals.elapsed || 1;
  const { from, to } = shownWindow();
  const length = Math.min((to - from) * factor, whole);
  const middle = (from + to) / 2 + shift * (to - from);
  const startValue = Math.min(Math.max(middle - length / 2, 0), whole - length);
  timeline().dispatchAction({ type: 'dataZoom', dataZoomId: 'drag', startValue, endValue: startValue + length });
}

// By so many rows; false where all are shown, so that the page moves.
function scroll(rows) {
  const { firstRow, lastRow } = shownWindow();
  const most = data.rows.length - 1 - lastRow;
  const shift = Math.min(Math.max(rows, -firstRow), most);
  if (shift === 0) return false;
  timeline().dispatchAction({ type: 'dataZoom', dataZoomId: 'rows', startValue: firstRow + shift, endValue: lastRow + shift });
  return true;
}

let drawing = false;

function moved() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawMarks();
    const { from, to } = shownWindow();
    chartOf('course-chart').dispatchAction({ type: 'dataZoom', startValue: from, endValue: to });
  });
}
