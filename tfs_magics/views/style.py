"""The look of the outputs: the part of the panel's design that stands still.

Colours are mixed from the notebook's theme and its text colour, so they darken on light themes
and lighten on dark ones; without a theme the browser's own colours take their place.
Each output carries these rules: a saved notebook, or one cell of it, looks the same on its own.
Selectors that look longer than needed outweigh what JupyterLab says of headings, lists and code.
"""

from __future__ import annotations

from tfs_magics.views.markup import Markup

_RULES = """
.jp-tfs {
  --jp-tfs-fg: var(--jp-ui-font-color0, var(--vscode-foreground, CanvasText));
  --jp-tfs-bg: var(--jp-layout-color1, var(--vscode-editor-background, Canvas));
  --jp-tfs-text: color-mix(in srgb, var(--jp-tfs-fg) 88%, var(--jp-tfs-bg));
  --jp-tfs-muted: color-mix(in srgb, var(--jp-tfs-fg) 66%, var(--jp-tfs-bg));
  --jp-tfs-edge: color-mix(in srgb, var(--jp-tfs-fg) 48%, var(--jp-tfs-bg));
  --jp-tfs-line: var(--jp-border-color2, color-mix(in srgb, currentColor 13%, transparent));
  --jp-tfs-fill: color-mix(in srgb, var(--jp-tfs-fg) 4%, var(--jp-tfs-bg));
  --jp-tfs-ok: color-mix(in srgb, var(--jp-success-color1, #388e3c) 84%, var(--jp-tfs-fg));
  --jp-tfs-busy: color-mix(in srgb, var(--jp-warn-color1, #f57c00) 68%, var(--jp-tfs-fg));
  --jp-tfs-bad: color-mix(in srgb, var(--jp-error-color1, #d32f2f) 72%, var(--jp-tfs-fg));
  --jp-tfs-v1: color-mix(in srgb, var(--jp-brand-color1, #1976d2) 82%, var(--jp-tfs-fg));
  --jp-tfs-small: var(--jp-ui-font-size0, 0.83333em);
  --jp-tfs-mono: var(--jp-code-font-family, ui-monospace, monospace);
  box-sizing: border-box; container-type: inline-size; max-width: 800px;
  background: var(--jp-tfs-bg); color: var(--jp-tfs-text);
  font: 400 var(--jp-ui-font-size1, 13px)/20px var(--jp-ui-font-family, system-ui, sans-serif);
  font-variant-numeric: tabular-nums;
}
.jp-tfs *, .jp-tfs *::before { box-sizing: inherit; }
.jp-tfs .jp-tfs-Output :is(h2, h3, p, ol, dl, dt, dd, pre) {
  margin: 0; padding: 0; list-style: none;
}
.jp-tfs .jp-tfs-Output :is(h2, h3, dt, dd) { font: inherit; color: inherit; }
.jp-tfs .jp-tfs-Output :is(h2, h3, strong) { font-weight: 600; }
.jp-tfs .jp-tfs-Output pre, .jp-tfs.jp-tfs .jp-tfs-Output code {
  padding: 0; border: 0; background: none; color: inherit;
  font-family: var(--jp-tfs-mono); font-size: 12px;
}
.jp-tfs .jp-tfs-muted { color: var(--jp-tfs-muted); }
.jp-tfs .jp-tfs-small { font-size: var(--jp-tfs-small); line-height: 16px; }
.jp-tfs .jp-tfs-num { text-align: right; white-space: nowrap; }
.jp-tfs-hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
.jp-tfs-Output {
  display: grid; gap: 12px; padding: 12px;
  border: 1px solid var(--jp-tfs-line); border-radius: var(--jp-border-radius, 2px);
}
.jp-tfs-Output > * { min-width: 0; }
.jp-tfs-Output > .jp-tfs-Notice:only-child { margin: -13px; }
.jp-tfs-Output-head {
  display: flex; align-items: center; flex-wrap: wrap; gap: 4px 8px; min-height: 24px;
}
.jp-tfs .jp-tfs-Output .jp-tfs-Steps { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; }
.jp-tfs-Steps > li::before { content: '✓'; margin-right: 6px; color: var(--jp-tfs-ok); }
.jp-tfs .jp-tfs-Endpoints { display: grid; grid-template-columns: 40px minmax(0, 1fr); }
.jp-tfs .jp-tfs-Output .jp-tfs-Endpoints dt {
  font-size: var(--jp-tfs-small); color: var(--jp-tfs-muted);
}
.jp-tfs .jp-tfs-Endpoints dd { overflow-wrap: anywhere; }
.jp-tfs-State { --c: var(--jp-tfs-muted); color: var(--c); white-space: nowrap; }
.jp-tfs-State:is([data-state='available'], [data-state='running']) { --c: var(--jp-tfs-ok); }
.jp-tfs-State:is([data-state='loading'], [data-state='unloading']) { --c: var(--jp-tfs-busy); }
.jp-tfs-State[data-state='failed'] { --c: var(--jp-tfs-bad); }
.jp-tfs-State::before {
  content: ''; display: inline-block; width: 8px; height: 8px; margin: 0 8px 0 1px;
  border: 1.5px solid var(--c); border-radius: 50%;
}
.jp-tfs-State:is([data-state='available'], [data-state='running'])::before { background: var(--c); }
.jp-tfs-State:is([data-state='loading'], [data-state='unloading'])::before {
  background: linear-gradient(90deg, var(--c) 50%, transparent 50%);
}
.jp-tfs-State[data-state='failed']::before {
  background: var(--c); border-radius: 1px; rotate: 45deg; scale: 0.9;
}
.jp-tfs-Chip {
  display: inline-block; padding: 0 8px; border-radius: 9px; white-space: nowrap;
  background: color-mix(in srgb, var(--jp-tfs-fg) 9%, transparent);
  font-size: var(--jp-tfs-small); line-height: 18px; vertical-align: 1px;
}
.jp-tfs-Chip + .jp-tfs-Chip { margin-left: 4px; }
.jp-tfs-Scroll { position: relative; overflow-x: auto; }
.jp-tfs .jp-tfs-Table {
  width: 100%; margin: 0; border: 0; border-collapse: collapse; table-layout: auto;
  font-size: inherit; color: inherit;
}
.jp-tfs .jp-tfs-Table.jp-mod-narrow { width: auto; justify-self: start; }
.jp-tfs .jp-tfs-Table :is(th, td) {
  height: 28px; max-width: none; padding: 0 8px; border: 0;
  border-bottom: 1px solid var(--jp-tfs-line); background: none;
  text-align: left; font-weight: 400; white-space: nowrap; vertical-align: middle;
}
.jp-tfs .jp-tfs-Table thead { border: 0; }
.jp-tfs .jp-tfs-Table thead th {
  height: 24px; border-color: var(--jp-tfs-edge);
  font-size: var(--jp-tfs-small); color: var(--jp-tfs-muted);
}
.jp-tfs .jp-tfs-Table tbody th { font-weight: 600; }
.jp-tfs .jp-tfs-Table :is(th, td).jp-tfs-num { text-align: right; }
.jp-tfs .jp-tfs-Table :is(th, td):first-child { padding-left: 0; }
.jp-tfs .jp-tfs-Table :is(th, td):last-child { padding-right: 0; }
.jp-tfs .jp-tfs-Table tbody tr:nth-child(n) { background: none; }
.jp-tfs .jp-tfs-Table tr.jp-mod-reason > td {
  height: auto; padding: 0 8px 8px 25px; white-space: normal; overflow-wrap: anywhere;
  color: var(--jp-tfs-bad);
}
.jp-tfs .jp-tfs-Table tr:has(+ tr.jp-mod-reason) > * { border-bottom: 0; }
.jp-tfs .jp-tfs-Table .jp-mod-wrong { color: var(--jp-tfs-bad); font-weight: 600; }
.jp-tfs-Share {
  display: inline-grid; grid-template-columns: 160px 52px; gap: 0 8px; align-items: center;
}
.jp-tfs-Bar { display: block; width: 160px; height: 10px; background: var(--jp-tfs-fill); }
.jp-tfs-Bar > i { display: block; height: 10px; background: var(--jp-tfs-v1); border-radius: 1px; }
.jp-tfs-Pixels {
  border: 1px solid var(--jp-tfs-line); fill: var(--jp-tfs-fg);
  shape-rendering: crispEdges; vertical-align: middle;
}
.jp-tfs-Notice {
  --c: var(--jp-tfs-bad); display: grid; gap: 8px; padding: 8px 12px;
  border-left: 3px solid var(--c); background: color-mix(in srgb, var(--c) 8%, var(--jp-tfs-bg));
}
.jp-tfs-Notice > * { min-width: 0; overflow-wrap: anywhere; }
.jp-tfs .jp-tfs-Output .jp-tfs-Code {
  max-height: 320px; padding: 8px 12px; overflow: auto; background: var(--jp-tfs-fill);
  line-height: 18px; white-space: pre-wrap; overflow-wrap: anywhere;
}
.jp-tfs-Code .jp-mod-error { color: var(--jp-tfs-bad); }
.jp-tfs-Code .jp-mod-warn { color: var(--jp-tfs-busy); }
@container (max-width: 559px) {
  .jp-tfs .jp-tfs-from560 { display: none; }
  .jp-tfs .jp-tfs-Table :is(th, td) { padding: 0 5px; }
}
@media (forced-colors: active) {
  .jp-tfs-State::before, .jp-tfs-Bar > i { forced-color-adjust: none; }
}
"""

STYLE = Markup(f"<style>{' '.join(_RULES.split())}</style>")
