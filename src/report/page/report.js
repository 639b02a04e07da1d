// The page, from its top on: fills it with the data that are in it.
import { bars, data } from './batch_data.js';
import { chartOf, colours, drawAnew, keepDrawn } from './chart.js';
import { drawCourse, showCourseTable } from './course.js';
import { byId, unfoldAll } from './elements.js';
import { showFailures } from './failures.js';
import { showGlance } from './glance.js';
import { showHead, showHeadline } from './headline.js';
import { showHistogram } from './histogram.js';
import { showLegend } from './legend.js';
import { showBarTable, showLargest, showSuperseded, showWaits, showWorkers } from './tables.js';
import { duration, size } from './texts.js';
import { drawTimeline, marks, shownWindow } from './timeline.js';
import { setUpZoom } from './zoom.js';

showHead();
showHeadline();
showGlance();
if (bars.count) {
  keepDrawn(drawTimeline);
  showLegend();
  setUpZoom();
  showBarTable();
  keepDrawn(drawCourse);
  showCourseTable();
} else {
  byId('timeline').remove();
  byId('course').remove();
}
const mebibytes = (value) => size(value * 2 ** 20) || '0';
showHistogram('durations', data.durations, duration, 'How long attempts took');
showHistogram('memory', data.memory, mebibytes, 'How much memory attempts had');
showWorkers();
showFailures();
showSuperseded();
showWaits();
showLargest();

addEventListener('resize', drawAnew);
addEventListener('beforeprint', unfoldAll);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAnew);
matchMedia('print').addEventListener('change', drawAnew);

// What tests look at.
globalThis.report = {
  data,
  bars,
  shownWindow,
  get marks() { return marks; },
  get colours() { return colours; },
  get timeline() { return chartOf('timeline-chart'); },
};
document.documentElement.dataset.ready = 'yes';
