/** Commands of ours; others and the settings know them by these names. */
export const PREFIX = 'tfs-magics:';
export const CATEGORY = 'TensorFlow Serving';

export const SHOWN_IN_PALETTE = [
  'show',
  'serve-directory',
  'start',
  'stop',
  'restart',
  'poll',
  'open-log',
] as const;
