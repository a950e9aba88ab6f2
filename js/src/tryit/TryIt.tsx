import { copyIcon, runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Model } from '../api/entries';
import { exampleOf, type Signature, type Tensor } from '../api/signatures';
import { problemOf } from './values';
import { Button } from '../ui/Button';
import { useSnapshot, useTools } from '../ui/tools';
import { snippetOf, type Form } from './copy/snippets';
import { useSignatures } from '../page/useSignatures';
import { problemText } from './problemText';

/** A request as it was sent: a path below tfs/ of Jupyter, and its body. */
export interface Sent {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

interface TryItProps {
  readonly model: Model;
  /** Its name; without it the first one, and which can be chosen. */
  readonly signature?: string;
  /** Whom to ask at first: versions, labels, `newest` or `all`. */
  readonly targets?: readonly string[];
  /** Leaves out what a cell or a widget has no room for. */
  readonly compact?: boolean;
  readonly onRequest?: (sent: Sent) => void;
}

interface Props {
  readonly model: Model;
  readonly restUrl: string;
}

/** Ask the model, by a form that its signature makes. */
export function TryIt({ model }: TryItProps): React.JSX.Element {
  const { trans } = useTools();
  const restUrl = useSnapshot().server?.rest_url ?? '';
  const known = useSignatures(model);
  const [chosen, setChosen] = React.useState('');
  const picker = React.useId();
  const signatures = known?.state === 'known' ? known.signatures : [];
  const signature = signatures.find((each) => each.name === chosen) ?? signatures[0];
  return (
    <>
      {!signature && (
        <p className="jp-tfs-muted">
          {known?.state === 'failed' ? known.reason : trans.__('Load a version to ask it.')}
        </p>
      )}
      {signature && signatures.length > 1 && (
        <div className="jp-tfs-line">
          <label className="jp-tfs-muted" htmlFor={picker}>
            {trans.__('Signature')}
          </label>
          <select
            id={picker}
            className="jp-tfs-Input jp-mod-small"
            value={signature.name}
            onChange={(event) => setChosen(event.target.value)}
          >
            {signatures.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
      )}
      {signature && (
        <RequestForm key={signature.name} model={model} restUrl={restUrl} signature={signature} />
      )}
    </>
  );
}

type Answer =
  | { readonly state: 'none' | 'asking' }
  | { readonly state: 'answered'; readonly text: string; readonly ms: number }
  | { readonly state: 'refused'; readonly reason: string; readonly ms: number };

interface Read {
  readonly tensor: Tensor;
  readonly text: string;
  readonly value: unknown;
  readonly problem: string;
}

function RequestForm(props: Props & { readonly signature: Signature }): React.JSX.Element {
  const { trans, numbers, panel } = useTools();
  const { model, restUrl, signature } = props;
  const [texts, setTexts] = React.useState(() => textsOf(signature));
  const [target, setTarget] = React.useState('');
  const [answer, setAnswer] = React.useState<Answer>({ state: 'none' });
  const picker = React.useId();
  const fields = signature.inputs.map((tensor) => read(tensor, texts[tensor.name] ?? '', trans));
  const isRight = fields.every((field) => field.problem === '');
  const given = fields.filter((field) => field.text.trim() !== '');
  const body = {
    signature_name: signature.name,
    inputs: Object.fromEntries(given.map(({ tensor, value }) => [tensor.name, value])),
  };
  const verb = signature.method === '' ? 'predict' : signature.method;
  const path = `v1/models/${encodeURIComponent(model.name)}${target}:${verb}`;
  const run = async (): Promise<void> => {
    if (!isRight || answer.state === 'asking') {
      return;
    }
    setAnswer({ state: 'asking' });
    const began = performance.now();
    try {
      const found = await panel.client.predict(path, body);
      const text = JSON.stringify(found, null, 1);
      setAnswer({ state: 'answered', text, ms: performance.now() - began });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      setAnswer({ state: 'refused', reason, ms: performance.now() - began });
    }
  };
  return (
    <form
      className="jp-tfs-Form"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          event.stopPropagation();
          void run();
        }
      }}
    >
      {fields.map((field) => (
        <Field
          key={field.tensor.name}
          field={field}
          onChange={(text) => setTexts({ ...texts, [field.tensor.name]: text })}
        />
      ))}
      <div className="jp-tfs-line">
        <label className="jp-tfs-muted" htmlFor={picker}>
          {trans.__('Ask')}
        </label>
        <select
          id={picker}
          className="jp-tfs-Input jp-mod-small"
          value={target}
          onChange={(event) => setTarget(event.target.value)}
        >
          {targetsOf(model).map(({ value, label }) => (
            <option key={value} value={value}>
              {label === '' ? trans.__('the newest version') : label}
            </option>
          ))}
        </select>
        <span className="jp-tfs-actions">
          <button
            type="submit"
            className="jp-tfs-Button jp-mod-small jp-mod-accept"
            title={trans.__('Ctrl+Enter')}
            disabled={!isRight || answer.state === 'asking'}
          >
            <span className="jp-tfs-Icon" aria-hidden="true">
              <runIcon.react tag={null} />
            </span>
            {trans.__('Run')}
          </button>
        </span>
      </div>
      <section aria-live="polite">
        {answer.state === 'answered' && (
          <>
            <h2>{trans.__('Answer')}</h2>
            <pre className="jp-tfs-Code jp-tfs-Form-answer" tabIndex={0}>
              {answer.text}
            </pre>
            <p className="jp-tfs-small jp-tfs-muted">
              {trans.__('%1 with the way through Jupyter', numbers.milliseconds(answer.ms))}
            </p>
          </>
        )}
        {answer.state === 'refused' && (
          <div className="jp-tfs-Notice">
            <p>
              <strong>{answer.reason}</strong>
            </p>
          </div>
        )}
      </section>
      <CopyAs url={restUrl} path={path} body={body} />
    </form>
  );
}

function Field(props: {
  readonly field: Read;
  readonly onChange: (text: string) => void;
}): React.JSX.Element {
  const { trans } = useTools();
  const id = React.useId();
  const { tensor, text, problem } = props.field;
  const about = `${tensor.name}, ${tensor.type} ${tensor.shape}`;
  return (
    <div className="jp-tfs-Field">
      <label htmlFor={id}>{tensor.isOptional ? trans.__('%1, optional', about) : about}</label>
      <textarea
        id={id}
        className="jp-tfs-Input"
        rows={Math.min(10, Math.max(3, text.split('\n').length))}
        spellCheck={false}
        value={text}
        aria-invalid={problem !== ''}
        aria-describedby={`${id}-problem`}
        onChange={(event) => props.onChange(event.target.value)}
      />
      <p id={`${id}-problem`} className="jp-tfs-Error jp-tfs-small" role="status">
        {problem}
      </p>
    </div>
  );
}

function CopyAs(props: {
  readonly url: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}): React.JSX.Element {
  const { trans, run } = useTools();
  const [form, setForm] = React.useState<Form>('curl');
  const forms: readonly (readonly [Form, string])[] = [
    ['curl', 'curl'],
    ['python', 'Python'],
    ['node', 'Node.js'],
  ];
  const text = snippetOf(form, props);
  return (
    <section className="jp-tfs-Field">
      <div className="jp-tfs-line">
        <h2>{trans.__('Copy as')}</h2>
        <div className="jp-tfs-Segment" role="group" aria-label={trans.__('Copy as')}>
          {forms.map(([each, label]) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === form}
              onClick={() => setForm(each)}
            >
              {label}
            </button>
          ))}
        </div>
        <span className="jp-tfs-actions">
          <Button icon={copyIcon} onClick={() => run('copy-text', { text })}>
            {trans.__('Copy')}
          </Button>
        </span>
      </div>
      <pre className="jp-tfs-Code" tabIndex={0}>
        {text}
      </pre>
    </section>
  );
}

/** Whom a request can be sent to: the newest version, a label or a version. */
function targetsOf(model: Model): readonly { readonly value: string; readonly label: string }[] {
  const versions = model.versions.filter(({ state }) => state === 'AVAILABLE');
  return [
    { value: '', label: '' },
    ...Object.keys(model.labels).map((label) => ({
      value: `/labels/${encodeURIComponent(label)}`,
      label,
    })),
    ...versions.map(({ version }) => ({ value: `/versions/${version}`, label: String(version) })),
  ];
}

function textsOf(signature: Signature): Readonly<Record<string, string>> {
  const example = exampleOf(signature);
  return Object.fromEntries(
    Object.entries(example).map(([name, value]) => [name, JSON.stringify(value)]),
  );
}

function read(tensor: Tensor, text: string, trans: Parameters<typeof problemText>[0]): Read {
  if (text.trim() === '') {
    const problem = tensor.isOptional ? '' : trans.__('This input is required.');
    return { tensor, text, value: undefined, problem };
  }
  try {
    const value: unknown = JSON.parse(text);
    const problem = problemOf(tensor, value);
    return { tensor, text, value, problem: problem ? problemText(trans, problem, tensor) : '' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    return { tensor, text, value: undefined, problem: trans.__('This is no JSON: %1', reason) };
  }
}
