// Of how many attempts a figure was how large.
import { data } from './batch_data.js';
import { axis, chartIn, colours, keepDrawn, splitLine, tip, tooltip } from './chart.js';
import { byId } from './elements.js';
import { figure, foldedTable } from './table.js';
import { brief, number } from './texts.js';

// Or else no such section: one attempt has no distribution.
export function showHistogram(id, histogram, unit, label) {
  if (!histogram.counts.length || data.totals.attempts === 1) return byId(id).remove();
  keepDrawn(() => draw(id, histogram, unit, label));
  return byId(id).append(table(histogram, unit));
}

function draw(id, { edges, counts }, unit, label) {
  const tipOfBar = ([{ dataIndex: i }]) => tip(`${unit(edges[i])} to ${unit(edges[i + 1])}`, [['attempts', number(counts[i])]]);
  chartIn(`${id}-chart`, `${label}; the table below has the figures.`).setOption({
    animation: false,
    grid: { left: 60, right: 14, top: 28, bottom: 40 },
    xAxis: [axis({ type: 'category', data: counts.map((_, i) => i), show: false }), edgeAxis(edges, unit)],
    yAxis: axis({ type: 'value', name: 'attempts', minInterval: 1, splitLine: splitLine() }),
    tooltip: tooltip(tipOfBar, { trigger: 'axis', axisPointer: { type: 'shadow' } }),
    series: [{ type: 'bar', barCategoryGap: '8%', data: counts, itemStyle: { color: colours.running } }],
  });
}

// Marked where bars meet.
function edgeAxis(edges, unit) {
  const formatter = (i) => brief(unit(edges[i]));
  const axisLabel = { color: colours.faint, hideOverlap: true, showMaxLabel: edges.length === 2, formatter };
  return axis({ type: 'value', position: 'bottom', min: 0, max: edges.length - 1, minInterval: 1, axisLabel });
}

function table({ edges, counts }, unit) {
  return foldedTable('As a table', [
    figure('From', (i) => edges[i], unit),
    figure('To', (i) => edges[i + 1], unit),
    figure('Attempts', (i) => counts[i], number),
  ], counts.length);
}
