/** Cuts a long text in its middle: both ends of a path or of a name tell more than its middle. */
export function cutInMiddle(text: string, most: number): string {
  if (text.length <= most) {
    return text;
  }
  const kept = most - 1;
  return `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`;
}
