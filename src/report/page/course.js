// How many tasks ran, and how many ended, as time went by.
import { data } from './batch_data.js';
import { axis, chartIn, colours, splitLine, stripes, timeAxis, tip, tooltip } from './chart.js';
import { byId } from './elements.js';
import { figure, foldedTable } from './table.js';
import { duration, moment, number } from './texts.js';
import { sides } from './timeline.js';

const { course, totals } = data;

export function drawCourse() {
  const label = 'How many tasks ran, and how many ended; the table below has the figures.';
  chartIn('course-chart', label).setOption({
    animation: false,
    grid: [{ ...sides(), top: 28, height: 100 }, { ...sides(), top: 170, height: 90 }],
    xAxis: [timeAxis({ axisLabel: { show: false } }), timeAxis({ gridIndex: 1 })],
    yAxis: [countAxis('running', 0), countAxis(`ended in ${duration(course.step)}`, 1)],
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    tooltip: tooltip(tipOfStep, { trigger: 'axis' }),
    dataZoom: [{ type: 'inside', xAxisIndex: [0, 1], filterMode: 'none', disabled: true }],
    series: [
      running(),
      endedSeries('succeeded', course.ended.map((count, i) => count - course.failed[i]), colours.succeeded),
      endedSeries('failed', course.failed, stripes),
    ],
  });
}

function countAxis(name, gridIndex) {
  return axis({ type: 'value', name, gridIndex, minInterval: 1, splitNumber: 3, splitLine: splitLine() });
}

function running() {
  const steps = course.running.map((count, i) => [i * course.step, count]);
  const color = colours.running;
  return {
    name: 'running',
    type: 'line',
    step: 'end',
    symbol: 'none',
    data: [...steps, [totals.elapsed, course.running.at(-1)]],
    lineStyle: { color, width: 1.5 },
    areaStyle: { color, opacity: 0.2 },
    itemStyle: { color },
  };
}

function endedSeries(name, counts, color) {
  return {
    name,
    type: 'bar',
    stack: 'ended',
    xAxisIndex: 1,
    yAxisIndex: 1,
    barCategoryGap: '10%',
    data: counts.map((count, i) => [(i + 0.5) * course.step, count]),
    itemStyle: { color },
  };
}

function tipOfStep([{ axisValue }]) {
  const i = Math.min(Math.max(Math.floor(axisValue / course.step + 1e-6), 0), course.ended.length - 1);
  return tip(`${moment(i * course.step)} to ${moment((i + 1) * course.step)}`, [
    ['running', number(course.running[i])],
    ['ended', number(course.ended[i])],
    ['of these failed', number(course.failed[i])],
  ]);
}

export function showCourseTable() {
  byId('course').append(foldedTable('Running and ended as a table', [
    figure('From', (i) => i * course.step, moment),
    figure('Running', (i) => course.running[i], number),
    figure('Ended', (i) => course.ended[i], number),
    figure('Failed', (i) => course.failed[i], number),
  ], course.ended.length));
}
