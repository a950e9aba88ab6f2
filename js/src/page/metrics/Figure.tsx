import { spreadsheetIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { IconButton } from '../../ui/Button';
import { useTools } from '../../ui/tools';

interface Props {
  readonly title: string;
  /** What stands beside the title: a sum, or what is at the chosen moment. */
  readonly caption: React.ReactNode;
  readonly chart: () => React.JSX.Element;
  readonly table: () => React.JSX.Element;
  readonly isTableFirst?: boolean;
}

/** A chart with its title and number, which can also be read as a table. */
export function Figure({ title, caption, chart, table, isTableFirst }: Props): React.JSX.Element {
  const { trans } = useTools();
  const [asTable, setAsTable] = React.useState(isTableFirst ?? false);
  const label = asTable ? trans.__('Show %1 as chart', title) : trans.__('Show %1 as table', title);
  return (
    <figure className="jp-tfs-Chart">
      <figcaption>
        <h2>{title}</h2>
        <span className="jp-tfs-Chart-caption">{caption}</span>
        <IconButton
          icon={spreadsheetIcon}
          label={label}
          pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        />
      </figcaption>
      {asTable ? table() : chart()}
    </figure>
  );
}
