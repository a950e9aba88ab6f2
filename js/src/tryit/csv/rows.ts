/** Tables as text: commas, semicolons or tabs; fields in quotes hold all of them, and new lines. */

const SEPARATORS = [',', ';', '\t'];

export type Row = readonly string[];

export function rowsOf(text: string): readonly Row[] {
  const separator = separatorOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let position = text.startsWith('\ufeff') ? 1 : 0;
  while (position <= text.length) {
    const field = fieldAt(text, position, separator);
    row.push(field.text);
    if (text[field.end] === separator) {
      position = field.end + 1;
      continue;
    }
    if (row.length > 1 || row[0]?.trim() !== '') {
      rows.push(row);
    }
    row = [];
    position = field.end + (text.startsWith('\r\n', field.end) ? 2 : 1);
  }
  return rows;
}

interface Field {
  readonly text: string;
  readonly end: number;
}

function fieldAt(text: string, start: number, separator: string): Field {
  if (text[start] !== '"') {
    const end = endOf(text, start, separator);
    return { text: text.slice(start, end).trim(), end };
  }
  let found = '';
  let position = start + 1;
  while (position < text.length && (text[position] !== '"' || text[position + 1] === '"')) {
    found += text[position] ?? '';
    position += text[position] === '"' ? 2 : 1;
  }
  return { text: found, end: endOf(text, position + 1, separator) };
}

function endOf(text: string, start: number, separator: string): number {
  let end = start;
  while (end < text.length && text[end] !== separator && !/[\r\n]/.test(text[end] ?? '')) {
    end += 1;
  }
  return Math.min(end, text.length);
}

/** Whichever the first line has most of. */
function separatorOf(text: string): string {
  const line = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const counts = SEPARATORS.map((each) => line.split(each).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** Whether the first row says what the columns are: it has no number, and the next one has. */
export function hasHeader([first, second]: readonly Row[]): boolean {
  return !!first && !!second && !first.some(isNumeric) && second.some(isNumeric);
}

export function isNumeric(field: string): boolean {
  return field.trim() !== '' && Number.isFinite(Number(field));
}
