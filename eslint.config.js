import tseslint from 'typescript-eslint'

const disk =
  'Use the Disk interface (src/storage/disk.ts); only src/storage/{node-disk,read-at-once}.ts touch node:fs.'
const clock = 'Use the Clock from src/runtime/clock.ts, given through the constructor or the options.'
const random = 'Use the Random from src/runtime/random.ts, given through the constructor or the options.'
const environment = 'Use systemEnvironment() from src/runtime/environment.ts, in cli/ only.'
const network = 'Only src/server and src/api know HTTP and gRPC.'

const diskImports = ['fs', 'fs/promises', 'node:fs', 'node:fs/promises'].map((name) => ({
  name,
  message: disk,
}))
const timerImports = ['timers', 'timers/promises', 'node:timers', 'node:timers/promises'].map((name) => ({
  name,
  message: clock,
}))
const processImports = ['process', 'node:process'].map((name) => ({ name, message: environment }))
const networkImports = ['node:http', 'node:https', 'node:http2', 'node:net', 'fastify'].map((name) => ({
  name,
  message: network,
}))
const randomImports = ['node:crypto', 'crypto'].map((name) => ({
  name,
  importNames: ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues', 'webcrypto'],
  message: random,
}))
const everywhere = [...diskImports, ...timerImports, ...processImports, ...randomImports]

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'dist.*/',
      'node_modules/',
      'coverage/',
      '**/assembly/',
      '**/*.generated.ts',
      'demo-data/',
      'bench-data/',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // What was caught may be passed on as it is.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowThrowingUnknown: true, allowThrowingAny: false },
      ],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-readonly': 'error',
      // An interface of promises may have an implementation that has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowAny: false, allowNullish: false },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
        { selector: 'TSParameterProperty', message: 'Declare the field and assign it in the constructor.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.test.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'].map((name) => ({
          name,
          message: clock,
        })),
        { name: 'crypto', message: random },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: clock },
        { object: 'performance', property: 'now', message: clock },
        { object: 'Math', property: 'random', message: random },
        { object: 'process', property: 'env', message: environment },
      ],
      'no-restricted-imports': ['error', { paths: [...everywhere, ...networkImports] }],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
        { selector: 'TSParameterProperty', message: 'Declare the field and assign it in the constructor.' },
        { selector: 'ExportDefaultDeclaration', message: 'Export it by name.' },
        {
          selector: 'ExportAllDeclaration',
          message: 'Name what is exported; src/index.ts is the only barrel.',
        },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clock },
      ],
    },
  },
  {
    // The one barrel: types may be exported wholesale.
    files: ['src/index.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: "ExportAllDeclaration[exportKind='value']", message: 'Name what is exported.' },
      ],
    },
  },
  {
    files: ['src/server/**/*.ts', 'src/api/**/*.ts', 'src/cli/**/*.ts'],
    ignores: ['src/**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: everywhere }] },
  },
  {
    files: ['src/storage/node-disk.ts', 'src/storage/read-at-once.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [...timerImports, ...processImports, ...randomImports, ...networkImports] },
      ],
    },
  },
  {
    files: ['src/runtime/**/*.ts'],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-imports': 'off',
    },
  },
  {
    // Tests look into untyped answers and pass methods about.
    files: ['**/*.test.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
)
