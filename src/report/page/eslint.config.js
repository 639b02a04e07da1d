import js from '@eslint/js';

const names = ['Intl', 'addEventListener', 'document', 'getComputedStyle', 'matchMedia', 'requestAnimationFrame'];
const globals = Object.fromEntries(names.map((name) => [name, 'readonly']));

export default [
  js.configs.recommended,
  {
    languageOptions: { globals },
    rules: {
      'no-var': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
      eqeqeq: 'error',
      'max-len': ['error', 130],
      // Texts are others': they are shown by textContent.
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'write'].map((property) => ({ property })),
      ],
      'no-eval': 'error',
      'no-implied-eval': 'error',
    },
  },
];
