import { fileUploadIcon, jsonIcon, spreadsheetIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { Button, IconButton } from '../../ui/Button';
import { useTools } from '../../ui/tools';
import { keyOf } from './form';
import { Segment } from './Segment';
import type { FormState } from './useForm';
import { ValueInput } from './ValueInput';
import { isSingle, waysOf, type Way } from './ways';

interface Props {
  readonly form: FormState;
  readonly isTable: boolean;
  readonly onTable: () => void;
}

/** The names of the inputs with the ways to give them; single values right there. */
export function Fields({ form, isTable, onTable }: Props): React.JSX.Element {
  const { trans } = useTools();
  const singles = form.fields.filter(isSingle);
  return (
    <>
      {form.fields.map((tensor) => (
        <FieldHead key={tensor.name} tensor={tensor} form={form} />
      ))}
      {singles.length > 0 && (
        <Button icon={spreadsheetIcon} pressed={isTable} onClick={onTable}>
          {trans.__('CSV row')}
        </Button>
      )}
    </>
  );
}

function FieldHead({ tensor, form }: { readonly tensor: Tensor; readonly form: FormState }) {
  const { trans } = useTools();
  const id = React.useId();
  const feed = form.feeds[tensor.name];
  const ways = waysOf(tensor);
  const names: Readonly<Record<Way, string>> = {
    default: trans.__('Default'),
    value: trans.__('Value'),
    draw: trans.__('Draw'),
    upload: trans.__('Upload'),
    file: trans.__('File'),
    csv: trans.__('CSV row'),
    json: 'JSON',
  };
  if (!feed) {
    return null;
  }
  const name = tensor.isOptional ? trans.__('%1, optional', tensor.name) : tensor.name;
  return (
    <span className="jp-tfs-pair">
      <label className="jp-tfs-muted" htmlFor={id}>
        {name}
      </label>
      {feed.way === 'value' && (
        <>
          <ValueInput
            id={id}
            tensor={tensor}
            feed={feed}
            text={form.texts[keyOf('value', tensor.name)] ?? ''}
            onChange={(text) => form.setText(tensor, 'value', text)}
          />
          {feed.problem !== '' && (
            <span id={`${id}-problem`} className="jp-tfs-Error jp-tfs-small" role="status">
              {feed.problem}
            </span>
          )}
        </>
      )}
      {isSingle(tensor) ? (
        <OtherWays tensor={tensor} form={form} way={feed.way} />
      ) : (
        ways.length > 1 && (
          <Segment
            label={trans.__('Input of %1', tensor.name)}
            choices={ways.map((key) => ({ key, label: names[key] }))}
            chosen={feed.way}
            onChoose={(key) => {
              const way = ways.find((each) => each === key);
              if (way) {
                form.turn(tensor, way);
              }
            }}
          />
        )
      )}
    </span>
  );
}

interface OtherWaysProps {
  readonly tensor: Tensor;
  readonly form: FormState;
  readonly way: Way;
}

/** A single value has a field; what else it can be made of is one press away, and back. */
function OtherWays({ tensor, form, way }: OtherWaysProps): React.JSX.Element {
  const { trans } = useTools();
  const ways = waysOf(tensor);
  const toggle = (other: Way) => () => form.turn(tensor, way === other ? 'value' : other);
  return (
    <span>
      {ways.includes('file') && (
        <IconButton
          icon={fileUploadIcon}
          label={trans.__('%1 from a file', tensor.name)}
          pressed={way === 'file'}
          onClick={toggle('file')}
        />
      )}
      {ways.includes('json') && (
        <IconButton
          icon={jsonIcon}
          label={trans.__('%1 as JSON', tensor.name)}
          pressed={way === 'json'}
          onClick={toggle('json')}
        />
      )}
    </span>
  );
}
