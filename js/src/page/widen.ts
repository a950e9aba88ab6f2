import { SplitPanel, type Widget } from '@lumino/widgets';

const WANTED_PX = 560;
const AT_MOST = 0.45; // of what there is

/**
 * Gives a page beside a notebook the width it needs to be read, if it has less.
 *
 * Notebook 7 opens its right side as narrow as its own panels are. What the user draws afterwards
 * stays: this is for a page that is new.
 */
export function widen(page: Widget): void {
  let part = page;
  for (let whole = page.parent; whole; part = whole, whole = whole.parent) {
    if (whole instanceof SplitPanel && whole.orientation === 'horizontal') {
      const share = Math.min(WANTED_PX / whole.node.offsetWidth, AT_MOST);
      const sizes = whole.relativeSizes();
      const at = whole.widgets.indexOf(part);
      const has = sizes[at] ?? 1;
      if (has < share) {
        const rest = (1 - share) / (1 - has);
        whole.setRelativeSizes(sizes.map((size, index) => (index === at ? share : size * rest)));
      }
      return;
    }
  }
}
