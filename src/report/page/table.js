// A table that can be sorted, turned over and searched.
import { button, byId, element, fold } from './elements.js';
import { number } from './texts.js';

const PAGE = 25;
const inOrder = new Intl.Collator('en', { numeric: true }).compare;

// Columns are {title, value, text, kind}: `value(row)` is what it is sorted by, `text(row)` is shown.
export function words(title, value, kind = 'words') {
  return { title, value, text: value, kind };
}

// It has what room there is.
export function longText(title, value) {
  return words(title, value, 'text');
}

export function figure(title, value, unit = String) {
  return { title, value, text: (row) => unit(value(row)), kind: 'number' };
}

// A table in a section, or else no such section. `note` says what the section's heading does not.
export function fillSection(id, rows, columns, note, page) {
  const section = byId(id);
  if (rows.length === 0) return section.remove();
  if (note) section.append(element('p', { class: 'note', text: note }));
  const { element: table } = new Table(section.querySelector('h2').textContent, columns, rows, page);
  return section.append(table);
}

// For each number below `count` a row.
export function foldedTable(title, columns, count) {
  const rows = () => Array.from({ length: count }, (_, i) => i);
  return fold(title, () => [new Table(title, columns, rows()).element]);
}

class Table {
  constructor(label, columns, rows, page = PAGE) {
    this.columns = columns;
    this.all = rows;
    this.rows = rows;
    this.size = page;
    this.page = 0;
    this.sorted = { by: -1, sign: 1 };
    this.body = element('tbody');
    this.heads = columns.map((column, i) => this.head(column, i));
    const head = element('thead', { children: [element('tr', { children: this.heads })] });
    const table = element('table', { 'aria-label': label, children: [head, this.body] });
    const region = { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label };
    this.element = element('div', { children: [element('div', { ...region, children: [table] })] });
    if (rows.length > page) this.element.append(this.pager());
    this.show();
  }

  head({ title, kind }, i) {
    const sorter = element('button', { text: title, type: 'button' });
    sorter.addEventListener('click', () => this.sort(i));
    return element('th', { scope: 'col', class: kind, children: [sorter] });
  }

  pager() {
    const turn = (pages) => () => {
      this.page += pages;
      this.show();
    };
    this.before = button('‹ Before', 'Page before', turn(-1));
    this.next = button('Next ›', 'Next page', turn(1));
    this.where = element('span', { 'aria-live': 'polite' });
    this.sought = element('input', { type: 'search', placeholder: 'Find', 'aria-label': 'Find in this table' });
    this.sought.addEventListener('input', () => this.search());
    return element('div', { class: 'pager', children: [this.before, this.where, this.next, this.sought] });
  }

  // Figures from the largest on, until it is asked for the second time.
  sort(i) {
    const { value, kind } = this.columns[i];
    const numeric = kind === 'number';
    const sign = this.sorted.by === i ? -this.sorted.sign : numeric ? -1 : 1;
    const order = numeric ? (a, b) => a - b : inOrder;
    this.sorted = { by: i, sign };
    this.all = this.all.map((row) => [value(row), row]).sort(([a], [b]) => sign * order(a, b)).map(([, row]) => row);
    this.heads.forEach((head) => head.removeAttribute('aria-sort'));
    this.heads[i].setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
    this.search();
  }

  search() {
    const word = this.sought?.value.toLowerCase();
    const has = (row) => this.columns.some(({ text }) => text(row).toLowerCase().includes(word));
    this.rows = word ? this.all.filter(has) : this.all;
    this.page = 0;
    this.show();
  }

  show() {
    const first = this.page * this.size;
    const shown = this.rows.slice(first, first + this.size);
    const cell = (row) => ({ text, kind }) => element('td', { class: kind, children: [element('div', { text: text(row) })] });
    this.body.replaceChildren(...shown.map((row) => element('tr', { children: this.columns.map(cell(row)) })));
    if (!this.where) return;
    const [from, to] = [shown.length ? first + 1 : 0, first + shown.length];
    this.where.textContent = `${number(from)}–${number(to)} of ${number(this.rows.length)}`;
    this.before.disabled = this.page === 0;
    this.next.disabled = to >= this.rows.length;
  }
}
