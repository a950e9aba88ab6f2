import { runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { exampleOf, type Signature } from '../api/signatures';
import { Icon } from '../ui/Button';
import { useTools } from '../ui/tools';
import { Answers } from './Answers';
import { AskChoice } from './AskChoice';
import { cell } from './copy/cell';
import { CopyAs } from './copy/CopyAs';
import type { Request } from './copy/request';
import { useWhere } from './copy/useWhere';
import { Body } from './inputs/Body';
import { CsvInput } from './inputs/CsvInput';
import { Fields } from './inputs/Fields';
import { useForm, type FormState } from './inputs/useForm';
import { isSingle } from './inputs/ways';
import { versionOf } from './targets';
import type { TryItProps } from './TryIt';
import { useAsk, type Asking } from './useAsk';
import { useTargets, type Targets } from './useTargets';

interface Props extends TryItProps {
  readonly chosen: Signature;
}

/** The form of one signature, and what came of it. */
export function RequestForm(props: Props): React.JSX.Element {
  const { model, chosen: signature, compact: isCompact = false } = props;
  const { trans } = useTools();
  const form = useForm(signature);
  const targets = useTargets(model, props.targets ?? []);
  const asking = useAsk(model, targets.chosen.targets, props.onRequest);
  const [isTable, showTable] = React.useState(false);
  const verb = signature.method === '' ? 'predict' : signature.method;
  const run = (): void => {
    if (form.isReady) {
      asking.ask(verb, form.body);
    }
  };
  useLive(form, asking, targets.chosen.key, run);
  const runNext = useNext(form, run);
  const isStale =
    !form.isDrawn && asking.replies.some((reply) => reply && reply.body !== form.body);
  const empty = form.fields.every(isSingle)
    ? trans.__('Run to see answers.')
    : trans.__('Draw, upload or paste an input to see answers.');
  const request = useRequest(props, targets, verb, form.body);
  const insert = useInsertion(request, signature);
  return (
    <form
      className="jp-tfs-Form"
      data-lm-suppress-shortcuts="true"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          event.stopPropagation();
          run();
        }
      }}
    >
      <div className="jp-tfs-line">
        <Fields form={form} isTable={isTable} onTable={() => showTable(!isTable)} />
        <AskChoice choices={targets.choices} chosen={targets.chosen} onChoose={targets.choose} />
        <RunButton form={form} />
      </div>
      <Parts form={form} model={model.name} isTable={isTable}>
        <Answers
          model={model}
          signature={signature}
          asking={asking}
          isStale={isStale}
          empty={empty}
          onInsert={insert}
          onRefit={(name, value) => {
            runNext();
            form.fill({ [name]: value });
          }}
        />
      </Parts>
      {!isCompact && request && <CopyAs request={request} isWhole={form.isReady} />}
    </form>
  );
}

/** What is large of the inputs on the left, the answers beside it. */
function Parts(props: {
  readonly form: FormState;
  readonly model: string;
  readonly isTable: boolean;
  readonly children: React.ReactNode;
}): React.JSX.Element {
  const { trans } = useTools();
  const { form, model, isTable } = props;
  const singles = React.useMemo(() => form.fields.filter(isSingle), [form.fields]);
  const large = form.fields.filter(
    ({ name }) => !['value', 'default'].includes(form.feeds[name]?.way ?? ''),
  );
  const isWide = isTable || large.some(({ name }) => form.feeds[name]?.way !== 'draw');
  const hasInputs = large.length > 0 || isTable;
  const layout = isWide ? 'jp-mod-wide' : hasInputs ? '' : 'jp-mod-alone';
  return (
    <div className={`jp-tfs-Try ${layout}`}>
      {hasInputs && (
        <div className="jp-tfs-Inputs">
          {isTable && (
            <CsvInput
              title={trans.__('Values from a row of a table')}
              tensors={singles}
              onRow={form.fill}
            />
          )}
          {large.map((tensor) => (
            <Body
              key={tensor.name}
              model={model}
              tensor={tensor}
              feed={
                form.feeds[tensor.name] ?? {
                  way: 'json',
                  value: undefined,
                  problem: '',
                  isReady: false,
                }
              }
              texts={form.texts}
              onText={(way, text) => form.setText(tensor, way, text)}
              onGiven={(way, value) => form.setGiven(tensor, way, value)}
            />
          ))}
        </div>
      )}
      {props.children}
    </div>
  );
}

function RunButton({ form }: { readonly form: FormState }): React.JSX.Element {
  const { trans } = useTools();
  return (
    <span className="jp-tfs-actions">
      {form.isDrawn && (
        <span className="jp-tfs-muted jp-tfs-small">{trans.__('predicts as you draw')}</span>
      )}
      <button
        type="submit"
        className="jp-tfs-Button jp-mod-small jp-mod-accept"
        title={trans.__('Ctrl+Enter')}
        disabled={!form.isReady}
      >
        <Icon icon={runIcon} />
        {trans.__('Run')}
      </button>
    </span>
  );
}

/** Asks again while somebody draws, and when others are to be asked the same. */
function useLive(form: FormState, asking: Asking, target: string, run: () => void): void {
  const { body, isDrawn, isReady } = form;
  const hasAsked = asking.replies.some((reply) => reply !== null);
  const act = React.useRef({ run, forget: asking.forget, hasAsked });
  act.current = { run, forget: asking.forget, hasAsked };
  React.useEffect(() => {
    if (isDrawn && isReady) {
      act.current.run();
    }
  }, [body, isDrawn, isReady, target]);
  const wasDrawn = React.useRef(false);
  React.useEffect(() => {
    if (wasDrawn.current && !isDrawn) {
      act.current.forget(); // the drawing has gone, and what was said of it
    }
    wasDrawn.current = isDrawn;
  }, [isDrawn]);
}

/** Runs what the form has after the change that comes next. */
function useNext({ body, isReady }: FormState, run: () => void): () => void {
  const isWanted = React.useRef(false);
  const act = React.useRef(run);
  act.current = run;
  React.useEffect(() => {
    if (isWanted.current && isReady) {
      isWanted.current = false;
      act.current();
    }
  }, [body, isReady]);
  return () => {
    isWanted.current = true;
  };
}

/** The request as the snippets write it: to the last of those that are asked. */
function useRequest(
  { model, chosen: signature }: Props,
  { chosen }: Targets,
  verb: string,
  body: Request['body'],
): Request | null {
  const where = useWhere();
  const target = chosen.targets.at(-1) ?? { kind: 'newest' };
  const version = versionOf(model, target);
  return where && { model: model.name, target, version, signature, verb, body, where };
}

/** Puts a cell into the notebook that asks with an example; undefined where there is none. */
function useInsertion(request: Request | null, signature: Signature): (() => void) | undefined {
  const { run, has } = useTools();
  const example = { signature_name: signature.name, inputs: exampleOf(signature) };
  const text = request && cell({ ...request, body: example });
  return text !== null && has('insert-cell')
    ? () => run('insert-cell', { text, magic: true })
    : undefined;
}
