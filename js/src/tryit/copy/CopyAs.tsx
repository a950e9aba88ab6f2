import { addIcon, copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Button } from '../../ui/Button';
import { useTools } from '../../ui/tools';
import { Segment } from '../inputs/Segment';
import { useRemembered } from '../remembered';
import { FORMS, type Form } from './forms';
import type { Request } from './request';
import { shortened } from './shortened';

/** The request as others send it, with the address that is right for where the user is. */
export function CopyAs(props: {
  readonly request: Request;
  /** Whether the form has all that a request needs: half of one would only be refused. */
  readonly isWhole: boolean;
}): React.JSX.Element {
  const { request, isWhole } = props;
  const { trans, run, has } = useTools();
  const [chosen, choose] = useRemembered('copy', 'curl');
  const labels: Readonly<Record<Form, string>> = {
    curl: 'curl',
    python: 'Python',
    grpc: 'gRPC',
    node: 'Node.js',
    cell: trans.__('Notebook cell'),
  };
  const forms = (Object.keys(labels) as Form[]).filter((each) => FORMS[each](request) !== null);
  const form = forms.find((each) => each === chosen) ?? 'curl';
  const text = FORMS[form](request) ?? '';
  const isCell = form === 'cell';
  return (
    <section className="jp-tfs-Field jp-tfs-Copy">
      <div className="jp-tfs-line">
        <h2>{trans.__('Copy as')}</h2>
        <Segment
          label={trans.__('Copy as')}
          choices={forms.map((key) => ({ key, label: labels[key] }))}
          chosen={form}
          onChoose={choose}
        />
        <span className="jp-tfs-actions">
          {isCell && has('insert-cell') && (
            <Button
              icon={addIcon}
              disabled={!isWhole}
              onClick={() => run('insert-cell', { text, magic: true })}
            >
              {trans.__('Insert')}
            </Button>
          )}
          {has('copy-text') && (
            <Button icon={copyIcon} disabled={!isWhole} onClick={() => run('copy-text', { text })}>
              {trans.__('Copy')}
            </Button>
          )}
        </span>
      </div>
      {isWhole ? (
        <pre
          className="jp-tfs-Code"
          tabIndex={0}
          role="region"
          aria-label={trans.__('Request as %1', labels[form])}
          onCopy={(event) => copyWhole(event, text)}
        >
          {shortened(text)}
        </pre>
      ) : (
        <p className="jp-tfs-muted">{trans.__('The request is here as soon as its input is.')}</p>
      )}
      {isWhole && <Note form={form} request={request} />}
    </section>
  );
}

/** Who selects all that is shown gets what was left out as well. */
function copyWhole(event: React.ClipboardEvent<HTMLElement>, text: string): void {
  const selected = window.getSelection()?.toString().trim() ?? '';
  if (selected === event.currentTarget.innerText.trim()) {
    event.preventDefault();
    event.clipboardData.setData('text/plain', text);
  }
}

/** What has to be there for it to work from elsewhere. */
function Note({ form, request }: { readonly form: Form; readonly request: Request }) {
  const { trans } = useTools();
  const { isThroughJupyter, grpc } = request.where;
  if (form === 'cell' || (!isThroughJupyter && form !== 'grpc')) {
    return null;
  }
  return (
    <p className="jp-tfs-small jp-tfs-muted">
      {form === 'grpc'
        ? isThroughJupyter
          ? trans.__('gRPC has no way through Jupyter: run this where %1 is reached.', grpc)
          : trans.__('Needs the package tensorflow-serving-api.')
        : trans.__(
            'Goes through this Jupyter server. Put a token of yours into the environment variable %1 first.',
            'JUPYTER_TOKEN',
          )}
    </p>
  );
}
