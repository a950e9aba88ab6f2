/** What views use of JupyterLab's icons, where JupyterLab is not. */

import * as React from 'react';

interface Props {
  readonly tag?: null;
}

/** An icon by its SVG, which is ours or JupyterLab's and never a model's. */
export class LabIcon {
  readonly name: string;
  readonly svgstr: string;
  readonly react: (props: Props) => React.ReactElement;

  constructor(options: { readonly name: string; readonly svgstr: string }) {
    this.name = options.name;
    this.svgstr = options.svgstr;
    this.react = () => (this._drawn ??= drawn(this.svgstr));
  }

  private _drawn: React.ReactElement | undefined;
}

function drawn(svg: string): React.ReactElement {
  return elementOf(new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement, 0);
}

function elementOf(element: Element, key: number): React.ReactElement {
  const attributes = [...element.attributes].filter(({ name }) => !name.startsWith('xmlns'));
  const children = [...element.children].map(elementOf);
  const props = {
    key,
    ...Object.fromEntries(attributes.map(({ name, value }) => [name, value])),
    ...(element.tagName === 'svg' ? { 'data-icon': true } : {}),
  };
  return React.createElement(element.tagName, props, ...children);
}
