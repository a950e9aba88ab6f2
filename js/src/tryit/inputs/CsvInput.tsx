import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { Button } from '../../ui/Button';
import { useTools } from '../../ui/tools';
import { mappingOf, valueOf, widthOf, type Mapping } from '../csv/mapping';
import { hasHeader, rowsOf, type Row } from '../csv/rows';
import { Columns } from './Columns';
import { useFiles } from './useFiles';

const SHOWN_ROWS = 4;

interface Props {
  readonly title: string;
  /** The inputs that a row fills. */
  readonly tensors: readonly Tensor[];
  readonly onRow: (values: Readonly<Record<string, unknown>>) => void;
}

interface Table {
  readonly names: Row;
  readonly rows: readonly Row[];
}

/** Inputs from a row of a table: a file, or text that is pasted. */
export function CsvInput({ title, tensors, onRow }: Props): React.JSX.Element {
  const { trans } = useTools();
  const [text, setText] = React.useState('');
  const [isHead, setHead] = React.useState<boolean | null>(null);
  const [place, setPlace] = React.useState(0);
  const [chosen, setChosen] = React.useState<Mapping | null>(null);
  const id = React.useId();
  const all = React.useMemo(() => rowsOf(text), [text]);
  const hasHead = isHead ?? hasHeader(all);
  const { names, rows } = React.useMemo(() => tableOf(all, hasHead), [all, hasHead]);
  const first = React.useMemo(() => mappingOf(tensors, names, rows), [tensors, names, rows]);
  const mapping = chosen ?? first;
  const row = rows[Math.min(place, rows.length - 1)];
  useGiven(tensors, mapping, row, onRow);
  const load = (next: string): void => {
    setText(next);
    setHead(null);
    setChosen(null);
    setPlace(0);
  };
  const { zone, choose, isOver } = useFiles('.csv,.tsv,.txt,text/csv', (file) => {
    void file.text().then(load);
  });
  return (
    <div {...zone} tabIndex={-1} className={isOver ? 'jp-tfs-Field jp-mod-over' : 'jp-tfs-Field'}>
      <label htmlFor={id}>{title}</label>
      <textarea
        id={id}
        className="jp-tfs-Input"
        rows={SHOWN_ROWS}
        spellCheck={false}
        wrap="off"
        placeholder={trans.__('Paste rows of a CSV, or drop a file')}
        value={text}
        onChange={(event) => load(event.target.value)}
      />
      <div className="jp-tfs-line">
        <Button onClick={choose}>{trans.__('Choose…')}</Button>
        <RowChoice count={rows.length} place={place} onPlace={setPlace} />
        <label className="jp-tfs-Check jp-tfs-small">
          <input
            type="checkbox"
            checked={hasHead}
            onChange={(event) => {
              setHead(event.target.checked);
              setChosen(null);
            }}
          />
          {trans.__('first row has the names')}
        </label>
      </div>
      {row && (
        <Columns
          tensors={tensors}
          names={names}
          row={row}
          mapping={mapping}
          onMapping={setChosen}
        />
      )}
    </div>
  );
}

function tableOf(all: readonly Row[], hasHead: boolean): Table {
  const [head = [], ...rest] = all;
  return hasHead ? { names: head, rows: rest } : { names: [], rows: all };
}

/** Tells what a row gives, whenever that is something else. */
function useGiven(
  tensors: readonly Tensor[],
  mapping: Mapping,
  row: Row | undefined,
  onRow: Props['onRow'],
): void {
  const give = React.useRef(onRow);
  give.current = onRow;
  React.useEffect(() => {
    if (row) {
      const filled = tensors.filter(({ name }) => (mapping[name] ?? []).length > 0);
      give.current(
        Object.fromEntries(
          filled.map((tensor) => [tensor.name, valueOf(tensor, mapping[tensor.name] ?? [], row)]),
        ),
      );
    }
  }, [tensors, mapping, row]);
}

interface RowChoiceProps {
  readonly count: number;
  readonly place: number;
  readonly onPlace: (place: number) => void;
}

function RowChoice({ count, place, onPlace }: RowChoiceProps): React.JSX.Element {
  const { trans } = useTools();
  const id = React.useId();
  return (
    <span className="jp-tfs-pair">
      <label className="jp-tfs-small" htmlFor={id}>
        {trans.__('Row')}
      </label>
      <input
        id={id}
        className="jp-tfs-Input jp-mod-small jp-tfs-num jp-mod-number"
        type="number"
        min={1}
        max={Math.max(1, count)}
        disabled={count === 0}
        value={place + 1}
        onChange={(event) =>
          onPlace(Math.min(count, Math.max(1, Number(event.target.value) || 1)) - 1)
        }
      />
      <span className="jp-tfs-small jp-tfs-muted">{trans.__('of %1', count)}</span>
    </span>
  );
}

/** Whether a table can fill inputs: a single one of them, or all that are single values. */
export function takesRow(tensor: Tensor): boolean {
  return tensor.shape !== 'any' && (widthOf(tensor) !== null || tensor.shape === '[n, n]');
}
