import { LabIcon } from '@jupyterlab/ui-components';

/** As in the design: JupyterLab has none. */
export const eraserIcon = new LabIcon({
  name: 'tfs-magics:eraser',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="m15.1 3.6 5.3 5.3a1.5 1.5 0 0 1 0 2.1L12.4 19H20v2H7.9l-4.3-4.3a1.5 1.5 0 0 1 0-2.1L13 3.6a1.5 1.5 0 0 1 2.1 0M8.7 19h.9l2.7-2.7-4.6-4.6-2.7 3.9z"/></svg>',
});
