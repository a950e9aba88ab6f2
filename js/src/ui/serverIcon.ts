import { LabIcon } from '@jupyterlab/ui-components';

/** Two units in a rack, as in the design. */
export const serverIcon = new LabIcon({
  name: 'tfs-magics:server',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3 jp-icon-selectable" fill="#616161" fill-rule="evenodd" d="M4 5h16v5H4zm0 9h16v5H4zm2-7v1h2V7zm0 9v1h2v-1z"/></svg>',
});
