/** What an output is called, for who cannot see it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { PanelSpec } from './spec';

export function titleOf(trans: TranslationBundle, spec: PanelSpec): string {
  switch (spec.kind) {
    case 'served':
      return nameOf(spec) || trans.__('Served models');
    case 'metadata':
      return trans.__('Signature of %1', `${spec.model} ${spec.facts.version}`);
    case 'prediction':
      return trans.__('Answers of %1', `${spec.model} ${spec.facts.version}`);
    case 'problem':
      return trans.__('Error');
    case 'metrics':
      return trans.__('Metrics of %1', spec.model);
    case 'try':
      return trans.__('Try %1', spec.model);
    case 'draw':
      return trans.__('Draw for %1', spec.model);
    case 'status':
    case 'panel':
      return spec.model ?? trans.__('Model server');
  }
}

/** The model and version that an output is about, if it is about one. */
function nameOf(spec: PanelSpec & { readonly kind: 'served' }): string {
  const [first, ...others] = spec.facts.answers;
  return first && others.length === 0 ? `${first.model} ${first.version ?? ''}`.trim() : '';
}
