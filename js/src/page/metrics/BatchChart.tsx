import * as React from 'react';
import { useTools } from '../../ui/tools';
import { Figure } from './Figure';
import { stepFor } from './ladder';
import { sharesOf } from './measured';
import { Table } from './Table';

interface Props {
  /** How many batches had how many rows. */
  readonly batches: Readonly<Record<string, number>>;
  readonly mean: number | null;
}

const GAP_PART = 0.24; // of the room of a bar
const LEAST_ROOMS = 6; // so that a bar alone is a bar still

/** How large the batches were. */
export function BatchChart({ batches, mean }: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const [chosen, setChosen] = React.useState<number | null>(null);
  const shares = sharesOf(batches);
  const at = chosen === null ? undefined : shares[chosen];
  const title = trans.__('Batch sizes');
  const most = [...shares].sort((a, b) => b.share - a.share)[0];
  const summary =
    mean === null
      ? trans.__('no batches')
      : trans.__('mean %1, largest %2', numbers.count(mean), shares.at(-1)?.label ?? '');
  const spoken = most
    ? trans.__('Share of batches by size: most have %1 rows', most.label)
    : trans.__('Batch sizes: %1', summary);
  return (
    <Figure
      title={title}
      caption={at ? trans.__('%1 rows: %2', at.label, numbers.percent(at.share)) : summary}
      table={() => (
        <Table
          label={title}
          heads={[trans.__('Rows'), trans.__('Batches'), trans.__('Share')]}
          rows={shares.map(({ label, count, share }) => [
            label,
            numbers.count(count),
            numbers.percent(share),
          ])}
        />
      )}
      chart={() => (
        <div
          className="jp-tfs-Chart-plot"
          role="img"
          aria-label={spoken}
          tabIndex={0}
          onBlur={() => setChosen(null)}
          onPointerLeave={() => setChosen(null)}
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            const part = (100 * (event.clientX - box.left)) / box.width;
            setChosen(Math.floor(part / roomOf(shares.length)));
          }}
          onKeyDown={(event) => {
            const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (step !== undefined && shares.length > 0) {
              event.preventDefault();
              const next = chosen === null ? 0 : chosen + step;
              setChosen(Math.min(shares.length - 1, Math.max(0, next)));
            }
          }}
        >
          <Bars shares={shares} chosen={chosen} />
        </div>
      )}
    />
  );
}

/** The width that each bar has for itself, in percent. */
function roomOf(count: number): number {
  return 100 / Math.max(LEAST_ROOMS, count);
}

function Bars(props: {
  readonly shares: ReturnType<typeof sharesOf>;
  readonly chosen: number | null;
}): React.JSX.Element {
  const { shares, chosen } = props;
  const { numbers } = useTools();
  const top = Math.min(100, stepFor(100 * Math.max(0, ...shares.map(({ share }) => share))));
  const room = roomOf(shares.length);
  return (
    <>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        <line className="jp-mod-grid" x1="0" x2="100" y1="0" y2="0" />
        <line className="jp-mod-grid" x1="0" x2="100" y1="50" y2="50" />
        {shares.map(({ label, share }, index) => {
          const height = (100 * 100 * share) / top;
          return (
            <rect
              key={label}
              className={index === chosen ? 'jp-mod-chosen' : undefined}
              x={room * (index + GAP_PART / 2)}
              width={room * (1 - GAP_PART)}
              y={100 - height}
              height={height}
            />
          );
        })}
      </svg>
      {[0, 50, 100].map((part) => (
        <span key={part} className="jp-tfs-Chart-y" style={{ '--at': `${part}%` } as object}>
          {numbers.count((top * part) / 100) + (part === 100 ? '%' : '')}
        </span>
      ))}
      {shares.map(({ label }, index) => (
        <span
          key={label}
          className="jp-tfs-Chart-x"
          style={{ '--at': `${room * (index + 0.5)}%` } as object}
        >
          {label}
        </span>
      ))}
    </>
  );
}
