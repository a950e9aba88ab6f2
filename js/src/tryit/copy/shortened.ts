/** A snippet as it is shown: lists of numbers that go on and on are cut, which copies are not. */

const LEAST = 600;
const KEPT_ROWS = 3;
const KEPT_NUMBERS = 24;
const KEPT_TEXT = 200;
const NUMBER_LIST = /\[[^[\]"{}]*\]/g;

export function shortened(text: string): string {
  if (text.length <= LEAST) {
    return text;
  }
  const lists = text.replaceAll(NUMBER_LIST, (list) => cut(list, ',', KEPT_NUMBERS));
  const rows = lists.replaceAll(/(\[[^[\]"{}]*\](?:,\s*\[[^[\]"{}]*\])+)/g, (list) => {
    const parts = list.split(/(?<=\]),/);
    return parts.length > KEPT_ROWS ? `${parts.slice(0, KEPT_ROWS).join(',')},…` : list;
  });
  return rows.replaceAll(/[\w+/=]{400,}/g, (run) => `${run.slice(0, KEPT_TEXT)}…`);
}

function cut(list: string, separator: string, count: number): string {
  const parts = list.split(separator);
  return parts.length > count + 1 ? `${parts.slice(0, count).join(separator)},…]` : list;
}
