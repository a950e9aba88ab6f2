import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { Button } from '../../ui/Button';
import { useTools } from '../../ui/tools';
import { base64Of } from '../picture/image';
import { useFiles } from './useFiles';

interface Props {
  readonly tensor: Tensor;
  readonly onGiven: (value: unknown) => void;
}

/** The bytes of a file for an input of strings, as base64. */
export function FileInput({ tensor, onGiven }: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const [file, setFile] = React.useState<File | null>(null);
  const take = (chosen: File): void => {
    setFile(chosen);
    void base64Of(chosen).then((b64) => {
      const dimensions = tensor.shape.match(/[n1]/g) ?? [];
      onGiven(dimensions.reduce<unknown>((inner) => [inner], { b64 }));
    });
  };
  const { zone, choose, isOver } = useFiles('', take);
  return (
    <div className="jp-tfs-Field">
      <span className="jp-tfs-Field-label">{trans.__('%1, from a file', tensor.name)}</span>
      <div
        {...zone}
        className={isOver ? 'jp-tfs-Drop jp-mod-over' : 'jp-tfs-Drop'}
        aria-label={trans.__('File for %1: choose, drop or paste one', tensor.name)}
      >
        <span className="jp-tfs-grow jp-tfs-wrap">
          {file ? (
            `${file.name}, ${numbers.bytes(file.size)}`
          ) : (
            <span className="jp-tfs-muted">{trans.__('Choose, drop or paste a file')}</span>
          )}
        </span>
        <Button onClick={choose}>{trans.__('Choose…')}</Button>
      </div>
    </div>
  );
}
