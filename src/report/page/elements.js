// Elements of the page. All texts are put in by textContent: they are others'.

export function byId(id) {
  return document.getElementById(id);
}

export function element(name, { text, children = [], ...attributes } = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

export function button(text, label, act) {
  const made = element('button', { text, type: 'button', 'aria-label': label });
  made.addEventListener('click', act);
  return made;
}

const folds = [];

// What is folded, and made when it is opened first: most is not.
export function fold(title, make) {
  const folded = element('details', { children: [element('summary', { text: title })] });
  const fill = () => {
    if (folded.children.length === 1) folded.append(...make());
  };
  folded.addEventListener('toggle', fill);
  folds.push(() => {
    fill();
    folded.open = true;
  });
  return folded;
}

export function unfoldAll() {
  for (const open of folds) open();
}
