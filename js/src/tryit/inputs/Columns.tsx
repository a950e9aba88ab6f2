import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { useTools } from '../../ui/tools';
import { widthOf, type Mapping } from '../csv/mapping';
import type { Row } from '../csv/rows';

const MOST_TOGGLES = 40;

interface Props {
  readonly tensors: readonly Tensor[];
  readonly names: Row;
  readonly row: Row;
  readonly mapping: Mapping;
  readonly onMapping: (mapping: Mapping) => void;
}

/** Which columns go to which inputs, with what the row has in them. */
export function Columns({ tensors, names, row, mapping, onMapping }: Props): React.JSX.Element {
  const nameOf = (place: number): string => names[place] ?? String(place + 1);
  return (
    <div className="jp-tfs-line">
      {tensors.map((tensor) => {
        const own = {
          tensor,
          row,
          nameOf,
          places: mapping[tensor.name] ?? [],
          onPlaces: (places: readonly number[]) => onMapping({ ...mapping, [tensor.name]: places }),
        };
        return widthOf(tensor) === 1 ? (
          <OneColumn key={tensor.name} {...own} />
        ) : (
          <ManyColumns key={tensor.name} {...own} />
        );
      })}
    </div>
  );
}

interface ColumnProps {
  readonly tensor: Tensor;
  readonly row: Row;
  readonly nameOf: (place: number) => string;
  readonly places: readonly number[];
  readonly onPlaces: (places: readonly number[]) => void;
}

function OneColumn({ tensor, row, nameOf, places, onPlaces }: ColumnProps): React.JSX.Element {
  const { trans } = useTools();
  const id = React.useId();
  return (
    <span className="jp-tfs-pair">
      <label className="jp-tfs-small jp-tfs-muted" htmlFor={id}>
        {tensor.name}
      </label>
      <select
        id={id}
        className="jp-tfs-Input jp-mod-small"
        value={places[0] ?? ''}
        onChange={(event) =>
          onPlaces(event.target.value === '' ? [] : [Number(event.target.value)])
        }
      >
        <option value="">{trans.__('from no column')}</option>
        {row.map((_, place) => (
          <option key={place} value={place}>
            {nameOf(place)}
          </option>
        ))}
      </select>
    </span>
  );
}

function ManyColumns({ tensor, row, nameOf, places, onPlaces }: ColumnProps): React.JSX.Element {
  const { trans } = useTools();
  const width = widthOf(tensor);
  const isRight = width === null || places.length === width;
  const count = trans._n('%1 column', '%1 columns', places.length);
  return (
    <div className="jp-tfs-Field">
      {row.length <= MOST_TOGGLES && row.length !== width && (
        <div className="jp-tfs-Toggles" role="group" aria-label={trans.__('Columns')}>
          {row.map((field, place) => (
            <button
              key={place}
              type="button"
              title={field}
              aria-pressed={places.includes(place)}
              onClick={() =>
                onPlaces(
                  places.includes(place)
                    ? places.filter((each) => each !== place)
                    : [...places, place].sort((a, b) => a - b),
                )
              }
            >
              {nameOf(place)}
            </button>
          ))}
        </div>
      )}
      <p className={isRight ? 'jp-tfs-small jp-tfs-muted' : 'jp-tfs-small jp-tfs-Error'}>
        {isRight ? count : trans.__('%1, expected %2', count, width)}
      </p>
    </div>
  );
}
