/** The status bar: one short line that opens the sidebar. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { serverText } from '../format/words';
import { serverWord, shapeOf } from '../store/reading';
import { pointOf } from '../store/snapshot';
import { ToolsProvider, useSnapshot, useTools, type Tools } from './tools';

export class StatusItem extends ReactWidget {
  constructor(private readonly _tools: Tools) {
    super();
    this.addClass('jp-mod-highlighted');
    this.addClass('jp-tfs-StatusItem');
  }

  protected render(): React.ReactElement {
    return (
      <ToolsProvider value={this._tools}>
        <Line />
      </ToolsProvider>
    );
  }
}

function Line(): React.JSX.Element {
  const { trans, numbers, run } = useTools();
  const known = useSnapshot();
  const word = serverWord(known);
  const { models, sample } = known;
  const text = (() => {
    if (word !== 'running') {
      return trans.__('Model server: %1', serverText(trans, word).toLowerCase());
    }
    if (models.length === 0) {
      return trans.__('No models');
    }
    const count = trans._n('%1 model', '%1 models', models.length);
    return sample ? `${count} · ${numbers.rate(pointOf(sample).perSecond)}` : count;
  })();
  return (
    <button
      type="button"
      className="jp-tfs jp-tfs-StatusItem-button"
      title={trans.__('Show the model server')}
      onClick={() => run('show')}
    >
      <span className="jp-tfs-State" data-state={shapeOf(word)}>
        {text}
      </span>
    </button>
  );
}
