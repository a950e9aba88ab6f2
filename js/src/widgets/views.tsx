/** What a page gets once: draws a widget into its place, by the views of the lab extension. */

import * as React from 'react';
import { createRoot } from 'react-dom/client';
import style from 'tfs-magics-style';
import { isSpec } from '../output/spec';
import { Output } from '../output/Output';
import { ToolsProvider } from '../ui/tools';
import { Drawing } from './Drawing';
import type { Shown, WidgetModel } from './model';
import { siteOf } from './sites';
import { useTrait } from './useTrait';

/** Show a widget; what is returned takes it away again. */
export function render({ model, el }: Shown): () => void {
  const { tools, comm } = siteOf(model);
  const leave = comm.join(model);
  const looks = document.createElement('style'); // here rather than in the head: it may be a shadow
  looks.textContent = style;
  const place = document.createElement('div');
  el.classList.add('jp-tfs-Widget');
  el.dataset['lmSuppressShortcuts'] = 'true';
  el.append(looks, place);
  const root = createRoot(place);
  root.render(
    <ToolsProvider value={tools}>
      <View model={model} />
    </ToolsProvider>,
  );
  return () => {
    root.unmount();
    leave();
    el.replaceChildren();
  };
}

function View({ model }: { readonly model: WidgetModel }): React.JSX.Element | null {
  const spec = useTrait(model, 'spec');
  if (model.get('_turn') !== undefined) {
    return <Drawing model={model} />;
  }
  return isSpec(spec) ? <Output spec={spec} /> : null;
}
