/** Where a menu of this button opens: at its lower left corner. */
export function placeOf(element: HTMLElement): { x: number; y: number } {
  const box = element.getBoundingClientRect();
  return { x: box.left, y: box.bottom };
}
