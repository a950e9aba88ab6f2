import { copyIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { withShortPaths } from '../format/reason';
import { versionText } from '../format/words';
import { placeOf } from '../ui/place';
import { labelsOf, olderOf, shapeOf, versionsOf, versionWord } from '../store/reading';
import { Button, IconButton } from '../ui/Button';
import { useNow, useTools } from '../ui/tools';
import { Head, SavedHint, SavedState } from './Frame';
import type { Sight } from './sight';
import type { ServedSpec } from './spec';
import { VersionsTable } from './VersionsTable';

interface Props {
  readonly spec: ServedSpec;
  readonly sight: Sight;
  readonly isInSight: boolean;
}

/** What %tfs_serve brought up: whether it answers, where, and what comes next. */
export function Served({ spec, sight, isInSight }: Props): React.JSX.Element {
  const { trans } = useTools();
  const { known, mode } = sight;
  const now = useNow(known.skew, known.sample?.at, isInSight && mode === 'live');
  const at = mode === 'live' ? now : (known.heardAt ?? spec.at);
  const { answers, notes, next } = spec.facts;
  const [first, ...others] = answers;
  const isOne = first !== undefined && first.version !== null && others.length === 0;
  const names = [...new Set(answers.map(({ model }) => model))];
  return (
    <>
      {isOne ? (
        <One spec={spec} sight={sight} now={at} name={first.model} version={first.version} />
      ) : (
        <Head
          title={
            names.length === 1 ? (names[0] ?? '') : trans._n('%1 model', '%1 models', names.length)
          }
        >
          {mode === 'saved' && <SavedState at={spec.at} />}
        </Head>
      )}
      <Steps spec={spec} />
      {!isOne && <VersionsTable sight={sight} now={at} models={names} />}
      <Addresses spec={spec} sight={sight} />
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
      {isOne && <Elsewhere sight={sight} name={first.model} version={first.version} next={next} />}
      {!isOne && <Next next={next} />}
      <SavedHint sight={sight} />
    </>
  );
}

function One(props: {
  readonly spec: ServedSpec;
  readonly sight: Sight;
  readonly now: number;
  readonly name: string;
  readonly version: number;
}): React.JSX.Element {
  const { trans } = useTools();
  const { spec, sight, name, version } = props;
  const { known } = sight;
  const model = known.models.find((each) => each.name === name);
  const found =
    model && versionsOf(known, model, props.now).find((each) => each.version === version);
  const word = model && found ? versionWord(known, model, found) : null;
  const labels = model ? labelsOf(model, version) : [];
  const isSaved = sight.mode === 'saved';
  const whole = word === 'failed' ? (found?.error?.message ?? '') : '';
  const reason = withShortPaths(whole, model?.base_path ?? '');
  return (
    <>
      <Head
        title={`${name} ${version}`}
        actions={!isSaved && model && <OneActions sight={sight} name={name} version={version} />}
      >
        {labels.map((label) => (
          <span key={label} className="jp-tfs-Chip jp-mod-still">
            {label}
          </span>
        ))}
        {isSaved ? (
          <SavedState at={spec.at} />
        ) : (
          <span className="jp-tfs-State" data-state={word ? shapeOf(word) : 'off'} role="status">
            {word ? versionText(trans, word) : trans.__('Not served')}
          </span>
        )}
      </Head>
      {reason !== '' && (
        <p className="jp-tfs-Error" title={whole}>
          {reason}
        </p>
      )}
    </>
  );
}

function OneActions(props: {
  readonly sight: Sight;
  readonly name: string;
  readonly version: number;
}): React.JSX.Element {
  const { trans, run, has, panel } = useTools();
  const { name, version } = props;
  const model = props.sight.known.models.find((each) => each.name === name);
  const older = model && labelsOf(model, version).length > 0 ? olderOf(model, version) : undefined;
  const row = { model: name, version };
  return (
    <>
      {has('open-model') && (
        <Button onClick={() => run('open-model', row)}>{trans.__('Open')}</Button>
      )}
      {older && (
        <Button onClick={() => run('roll-back', { ...row, to: older.version })}>
          {trans.__('Roll back to %1', older.version)}
        </Button>
      )}
      {has('row-menu') && (
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('More actions')}
          onClick={(event) => {
            panel.currentRow = { ...row, ...placeOf(event.currentTarget) };
            run('row-menu', { ...panel.currentRow });
          }}
        />
      )}
    </>
  );
}

/** What was done, each with how long that took. */
function Steps({ spec }: { readonly spec: ServedSpec }): React.JSX.Element | null {
  const { trans, numbers } = useTools();
  const words = {
    started: trans.__('server started'),
    exported: trans.__('exported'),
    loaded: trans.__('loaded'),
    tested: trans.__('test request'),
  };
  const { steps } = spec.facts;
  return steps.length === 0 ? null : (
    <ol className="jp-tfs-Steps jp-tfs-muted">
      {steps.map(({ what, seconds }) => (
        <li key={what}>
          {words[what]} {numbers.milliseconds(seconds * 1000)}
        </li>
      ))}
    </ol>
  );
}

/** Where the model answers, to be copied; a server that was started again may answer elsewhere. */
function Addresses(props: { readonly spec: ServedSpec; readonly sight: Sight }): React.JSX.Element {
  const { trans, run } = useTools();
  const { spec, sight } = props;
  const { rest, grpc } = spec.facts;
  const was = spec.saved?.server;
  const is = sight.known.server;
  const addresses: readonly (readonly [string, string, string])[] = [
    ['REST', moved(rest, was?.rest_url, is?.rest_url), trans.__('Copy REST address')],
    ['gRPC', moved(grpc, was?.grpc_target, is?.grpc_target), trans.__('Copy gRPC address')],
  ];
  return (
    <dl className="jp-tfs-Endpoints">
      {addresses
        .filter(([, address]) => address !== '')
        .map(([name, address, copy]) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>
              <code title={address}>{address}</code>
              {sight.mode !== 'saved' && (
                <IconButton
                  icon={copyIcon}
                  label={copy}
                  onClick={() => run('copy-text', { text: address.split(', ')[0] ?? '' })}
                />
              )}
            </dd>
          </React.Fragment>
        ))}
    </dl>
  );
}

function moved(
  address: string,
  from: string | null | undefined,
  to: string | null | undefined,
): string {
  return from && to && address.startsWith(from) ? to + address.slice(from.length) : address;
}

/** Where labels of the model point that did not come with this version. */
function Elsewhere(props: {
  readonly sight: Sight;
  readonly name: string;
  readonly version: number;
  readonly next: readonly string[];
}): React.JSX.Element {
  const { trans } = useTools();
  const model = props.sight.known.models.find((each) => each.name === props.name);
  const others = Object.entries(model?.labels ?? {}).filter(([, at]) => at !== props.version);
  return (
    <p className="jp-tfs-muted">
      {others.map(([label, at]) => `${trans.__('%1 stays on %2.', label, at)} `)}
      <NextWords next={props.next} />
    </p>
  );
}

function Next({ next }: { readonly next: readonly string[] }): React.JSX.Element {
  return (
    <p className="jp-tfs-muted">
      <NextWords next={next} />
    </p>
  );
}

function NextWords({ next }: { readonly next: readonly string[] }): React.JSX.Element | null {
  const { trans } = useTools();
  return next.length === 0 ? null : (
    <>
      {trans.__('Next:')}{' '}
      {next.map((line, index) => (
        <React.Fragment key={line}>
          {index > 0 && ` ${trans.__('or')} `}
          <code>{line}</code>
        </React.Fragment>
      ))}
    </>
  );
}
