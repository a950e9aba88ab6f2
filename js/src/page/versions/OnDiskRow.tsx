import * as React from 'react';
import type { Model, OnDisk } from '../../api/entries';
import { ageOf } from '../../sidebar/rows';
import { useTools } from '../../ui/tools';
import { useMenu } from '../../ui/labels';
import { MenuCell, Swatch } from './VersionLine';

interface Props {
  readonly model: Model;
  readonly files: OnDisk;
  readonly now: number;
}

const EMPTY_NUMBERS = 4;

/** A version that lies on disk and is not served. */
export function OnDiskRow({ model, files, now }: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const { version, bytes, modified } = files;
  const openMenu = useMenu(model.name, version);
  return (
    <tr
      data-name={String(version)}
      data-key={`${model.name}/${version}`}
      onContextMenu={(event) => {
        event.preventDefault();
        event.stopPropagation();
        openMenu(event.clientX, event.clientY);
      }}
    >
      <th scope="row">
        <Swatch isDrawn={false} />
        {version}
      </th>
      <td>
        <span className="jp-tfs-State" data-state="off">
          {trans.__('On disk')}
          {bytes != null && ` · ${numbers.bytes(bytes)}`}
        </span>
      </td>
      <td />
      <td className="jp-tfs-from800" />
      {Array.from({ length: EMPTY_NUMBERS }, (_, index) => (
        <td key={index} />
      ))}
      <td className="jp-tfs-from800" />
      <td className="jp-tfs-from800" />
      <td className="jp-tfs-num jp-tfs-from800">{ageOf(modified, now, numbers)}</td>
      <MenuCell version={version} onOpen={openMenu} />
    </tr>
  );
}
