'use strict';

const js = require('@eslint/js');

const globals = {};
for (const name of ['Intl', 'addEventListener', 'document', 'getComputedStyle', 'matchMedia', 'requestAnimationFrame', 'echarts']) {
  globals[name] = 'readonly';
}

const rules = {
  ...js.configs.recommended.rules,
  'no-var': 'error',
  'prefer-const': 'error',
  'prefer-template': 'error',
  eqeqeq: 'error',
  // Texts are others': they are shown by textContent.
  'no-restricted-properties': [
    'error',
    ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'write'].map((property) => ({ property })),
  ],
  'no-eval': 'error',
  'no-implied-eval': 'error',
};

module.exports = [
  { files: ['report.js'], languageOptions: { sourceType: 'script', ecmaVersion: 2022, globals }, rules },
  { files: ['charts.js'], languageOptions: { sourceType: 'module', ecmaVersion: 2022 }, rules },
];
