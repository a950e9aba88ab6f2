/**
 * Builds what notebooks show where JupyterLab is not: lib/widgets to tfs_magics/widgets/static.
 *
 *     views.js    one ES module: the views with their style, drawn by Preact, with no import left
 *     loader.js   what each widget carries, which asks for views.js once a page
 *
 * JupyterLab is left out: of '@jupyterlab/ui-components' there are the icons that are used, and any
 * other import of it is an error here.
 */

import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { rspack } from '@rspack/core';

const here = import.meta.dirname;
const require = createRequire(join(here, 'package.json'));
const UI = dirname(require.resolve('@jupyterlab/ui-components/package.json'));
const built = join(here, 'build', 'widgets');

/** JupyterLab's icons, as a module of which only those that are used are kept. */
function icons() {
  const listed = join(UI, 'lib', 'icon', 'iconimports.js');
  const source = readFileSync(listed, 'utf8');
  const files = new Map(
    [...source.matchAll(/^import (\w+) from '(.+\.svg)';$/gm)].map(([, name, file]) => [
      name,
      readFileSync(join(dirname(listed), file), 'utf8'),
    ]),
  );
  const lines = [
    ...source.matchAll(
      /^export const (\w+) = new LabIcon\(\{ name: '(.+)', svgstr: (\w+) \}\);$/gm,
    ),
  ].map(([, icon, name, file]) => {
    const options = JSON.stringify({ name, svgstr: files.get(file) });
    return `export const ${icon} = /*#__PURE__*/ new LabIcon(${options});`;
  });
  const shim = JSON.stringify(join(here, 'lib', 'widgets', 'LabIcon.js'));
  return [`import { LabIcon } from ${shim};`, 'export { LabIcon };', ...lines, ''].join('\n');
}

/** The style, as the lab extension has it. */
function style() {
  const index = readFileSync(join(here, 'style', 'index.css'), 'utf8');
  const files = [...index.matchAll(/@import url\('(.+)'\);/g)].map(([, file]) => file);
  const text = files.map((file) => readFileSync(join(here, 'style', file), 'utf8')).join('\n');
  return text
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};]) ?/g, '$1');
}

function refuse({ request }, callback) {
  const isLab = /^@jupyterlab\//.test(request ?? '') && request !== '@jupyterlab/ui-components';
  callback(isLab ? new Error(`A view imports ${request}, which is JupyterLab's alone`) : undefined);
}

mkdirSync(built, { recursive: true });
writeFileSync(join(built, 'icons.js'), icons());
writeFileSync(join(built, 'style.css'), style());

const compiler = rspack({
  mode: 'production',
  target: ['web', 'es2020'],
  context: here,
  entry: { views: './lib/widgets/views.js', loader: './lib/widgets/loader.js' },
  output: {
    path: join(here, '..', 'tfs_magics', 'widgets', 'static'),
    filename: '[name].js',
    library: { type: 'module' },
    module: true,
    clean: true,
  },
  resolve: {
    alias: {
      react: 'preact/compat',
      'react-dom': 'preact/compat',
      'react-dom/client': 'preact/compat/client',
      '@jupyterlab/ui-components$': join(built, 'icons.js'),
      '@lumino/disposable$': join(here, 'lib', 'widgets', 'lumino.js'),
      '@lumino/signaling$': join(here, 'lib', 'widgets', 'lumino.js'),
      'tfs-magics-style$': join(built, 'style.css'),
    },
  },
  module: {
    rules: [
      { test: /\.css$/, type: 'asset/source' },
      { test: join(built, 'icons.js'), sideEffects: false },
    ],
  },
  externals: [refuse],
  optimization: { splitChunks: false },
  performance: false,
});

compiler.run((error, stats) => {
  if (error || !stats || stats.hasErrors()) {
    process.stderr.write(`${error ?? stats?.toString({ preset: 'errors-only' })}\n`);
    process.exitCode = 1;
  }
  compiler.close(() => undefined);
});
