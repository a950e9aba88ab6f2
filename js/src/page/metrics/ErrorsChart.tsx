import * as React from 'react';
import { NOTHING } from '../../format/numbers';
import { withoutNodes } from '../../format/reason';
import { useTools } from '../../ui/tools';
import { LineChart, type LineChartProps } from './LineChart';
import type { Measured } from './measured';
import { Table } from './Table';

type Props = Pick<LineChartProps, 'frame' | 'below' | 'marks' | 'series' | 'text' | 'axis'> & {
  readonly errors: Measured['errors'];
  readonly length: string;
};

/** Errors that read the same, whichever version said so. */
function asOne(errors: Measured['errors']): Measured['errors'] {
  const found = new Map<string, Measured['errors'][number]>();
  for (const each of errors) {
    const reason = withoutNodes(each.reason ?? '');
    const key = `${each.code} ${reason}`;
    const old = found.get(key);
    const last = Math.max(old?.last ?? 0, each.last ?? 0) || null;
    found.set(key, { ...each, reason, count: (old?.count ?? 0) + each.count, last });
  }
  return [...found.values()];
}

/** What was refused, and why: a table first, as each kind of error has its own remedy. */
export function ErrorsChart(props: Props): React.JSX.Element {
  const { errors, length, ...chart } = props;
  const { trans, numbers } = useTools();
  const total = errors.reduce((sum, { count }) => sum + count, 0);
  const title = trans.__('Errors');
  const summary = trans.__('%1 in the last %2', numbers.count(total), length);
  const rows = asOne(errors).map(({ code, reason, count, last }) => [
    String(code),
    reason ?? '',
    numbers.count(count),
    last == null ? NOTHING : numbers.clock(last),
  ]);
  const table = (): React.JSX.Element =>
    rows.length === 0 ? (
      <p className="jp-tfs-muted">{trans.__('No errors in the last %1.', length)}</p>
    ) : (
      <Table
        label={title}
        heads={[trans.__('Code'), trans.__('Reason'), trans.__('Count'), trans.__('Last')]}
        words={2}
        rows={rows}
      />
    );
  return <LineChart {...chart} title={title} summary={summary} table={table} isTableFirst />;
}
