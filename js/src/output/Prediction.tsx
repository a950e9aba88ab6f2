import * as React from 'react';
import { keyOf } from '../store/snapshot';
import { useTools } from '../ui/tools';
import type { Sight } from './sight';
import type { PredictionSpec } from './spec';

interface Props {
  readonly spec: PredictionSpec;
  readonly sight: Sight;
}

const SHADES = 8;
const DRAWN = 24;

/** What a classifier answered: per row the class, how sure, and what came second. */
export function Prediction({ spec, sight }: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const { version, labels, rows, seconds, waited, batch, answers, images, input } = spec.facts;
  const colour = sight.known.colours.get(keyOf(spec.model, version)) ?? 1;
  const who = `${spec.model} ${version}${labels.length ? ` (${labels.join(', ')})` : ''}`;
  const time = trans._n(
    '%1 row in %2',
    '%1 rows in %2',
    rows,
    numbers.milliseconds(seconds * 1000),
  );
  const wait =
    waited === null ? [] : [trans.__('%1 of it waiting', numbers.milliseconds(waited * 1000))];
  const ride = batch === null ? [] : [trans.__('rode in a batch of %1', numbers.count(batch))];
  return (
    <>
      <div className="jp-tfs-Scroll">
        <table className="jp-tfs-Table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Row')}</th>
              {images && <th scope="col">{input}</th>}
              <th scope="col" className="jp-tfs-num">
                {trans.__('class')}
              </th>
              <th scope="col">{trans.__('probability')}</th>
              <th scope="col">{trans.__('then')}</th>
            </tr>
          </thead>
          <tbody>
            {answers.map((answer, row) => (
              <tr key={row}>
                <th scope="row">{row}</th>
                {images && (
                  <td>
                    <Pixels
                      shades={images.shades[row] ?? ''}
                      width={images.width}
                      height={images.height}
                      label={trans.__('Image of a %1', answer.class)}
                    />
                  </td>
                )}
                <td className="jp-tfs-num">
                  <b>{answer.class}</b>
                </td>
                <td>
                  <Share part={answer.part} colour={colour} text={numbers.percent(answer.part)} />
                </td>
                <td className="jp-tfs-muted">
                  {answer.then}, {numbers.percent(answer.then_part)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows > answers.length && (
        <p className="jp-tfs-small jp-tfs-muted">
          {trans._n('… %1 more row', '… %1 more rows', rows - answers.length)}
        </p>
      )}
      <p className="jp-tfs-small jp-tfs-muted">
        {[who, [time, ...wait].join(', '), ...ride].join(' · ')}
      </p>
    </>
  );
}

function Share(props: {
  readonly part: number;
  readonly colour: number;
  readonly text: string;
}): React.JSX.Element {
  const version = { '--v': `var(--jp-tfs-v${props.colour})` };
  const part = { '--p': Math.min(1, Math.max(0, props.part)) };
  return (
    <div className="jp-tfs-Bars jp-mod-one" style={version as React.CSSProperties}>
      <i style={part as React.CSSProperties} />
      <span className="jp-tfs-num">{props.text}</span>
    </div>
  );
}

/** A small image, as runs of the same shade. */
const Pixels = React.memo(function Pixels(props: {
  readonly shades: string;
  readonly width: number;
  readonly height: number;
  readonly label: string;
}): React.JSX.Element {
  const { shades, width, height } = props;
  return (
    <svg
      className="jp-tfs-Pixels"
      width={DRAWN}
      height={DRAWN}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={props.label}
    >
      {Array.from({ length: SHADES }, (_, index) => (
        <path
          key={index}
          d={runsOf(shades, width, String(index + 1))}
          opacity={(index + 1) / SHADES}
        />
      ))}
    </svg>
  );
});

function runsOf(shades: string, width: number, shade: string): string {
  const runs: string[] = [];
  for (let at = shades.indexOf(shade); at >= 0; at = shades.indexOf(shade, at)) {
    const end = Math.min(shades.length, (Math.floor(at / width) + 1) * width);
    let stop = at + 1;
    while (stop < end && shades[stop] === shade) {
      stop += 1;
    }
    const length = stop - at;
    runs.push(`M${at % width} ${Math.floor(at / width)}h${length}v1h${-length}z`);
    at = stop;
  }
  return runs.join('');
}
