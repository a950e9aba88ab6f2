/** Commands on labels: move one, make one, roll back. */

import { InputDialog } from '@jupyterlab/apputils';
import { checked, described, ofLabel } from './args';
import { textOf, versionOf, type Doers, type Options } from './doers';

export function labelCommands(doers: Doers): Record<string, Options> {
  const { trans, actions } = doers;
  const arguments_ = described(
    { model: 'string', version: 'number', label: 'string' },
    'model',
    'version',
    'label',
  );
  return {
    'set-label': {
      label: (args) => trans.__('Set label %1', textOf(args['label'])),
      describedBy: arguments_,
      execute: (args) => {
        const { model, version, label } = checked(ofLabel, args);
        return actions.setLabel(model, label, version);
      },
    },
    'toggle-label': {
      label: (args) => {
        const { model, version, label } = checked(ofLabel, args);
        const at = actions.model(model)?.labels[label];
        return at === undefined || at === version ? label : trans.__('%1 (now on %2)', label, at);
      },
      isToggleable: true,
      isToggled: (args) => {
        const { model, version, label } = checked(ofLabel, args);
        return actions.model(model)?.labels[label] === version;
      },
      describedBy: arguments_,
      execute: (args) => {
        const { model, version, label } = checked(ofLabel, args);
        const at = actions.model(model)?.labels[label];
        return actions.setLabel(model, label, at === version ? null : version);
      },
    },
    'new-label': {
      label: trans.__('New label…'),
      describedBy: described({ model: 'string', version: 'number' }, 'model', 'version'),
      execute: async (args) => {
        const { model, version } = versionOf(doers, args);
        const answer = await InputDialog.getText({
          title: trans.__('New label for version %1 of %2', version, model),
          label: trans.__('Label'),
          pattern: '[^\\s\\/]+',
          required: true,
          okLabel: trans.__('Set'),
        });
        const label = answer.button.accept ? answer.value?.trim() : '';
        return label ? actions.setLabel(model, label, version) : false;
      },
    },
    'roll-back': {
      label: (args) => trans.__('Roll back to %1', textOf(args['to'])),
      describedBy: described(
        { model: 'string', version: 'number', to: 'number' },
        'model',
        'version',
        'to',
      ),
      execute: (args) => {
        const { model, version } = versionOf(doers, args);
        const to = args['to'];
        return typeof to === 'number' && actions.moveLabels(model, version, to);
      },
    },
  };
}
