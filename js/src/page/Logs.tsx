import { checkIcon, copyIcon, downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { LogLine } from '../api/entries';
import { partsOf } from '../format/logline';
import { serverWord } from '../store/reading';
import { Button, IconButton } from '../ui/Button';
import { useSnapshot, useTools } from '../ui/tools';
import { useChoice } from '../ui/useChoice';
import { LogEnd } from './LogEnd';
import { useLines } from './useLines';

const AT_END_PX = 24;
const RANK: Readonly<Record<string, number>> = { info: 0, warn: 1, error: 2 };

interface Props {
  readonly isShown: boolean;
  /** What the filter holds at first. */
  readonly filter?: string;
}

/** The log of the model server: filtered, and followed as long as its end is in sight. */
export function Logs({ isShown, filter: first = '' }: Props): React.JSX.Element {
  const { trans } = useTools();
  const known = useSnapshot(isShown);
  const [filter, setFilter] = React.useState(first);
  const [level, setLevel] = useChoice('log level', 'info');
  const [follows, setFollows] = React.useState(true);
  const list = React.useRef<HTMLDivElement>(null);
  useLines(isShown);
  const wanted = filter.trim().toLowerCase();
  const lines = React.useMemo(
    () => linesOf(known.logs, wanted, level),
    [known.logs, wanted, level],
  );
  React.useLayoutEffect(() => {
    if (follows && list.current) {
      list.current.scrollTop = list.current.scrollHeight;
    }
  }, [follows, lines]);
  return (
    <div className="jp-tfs-Pane jp-tfs-Logs">
      <div className="jp-tfs-line">
        <input
          className="jp-tfs-Input jp-mod-small jp-tfs-Logs-filter"
          type="search"
          aria-label={trans.__('Filter log lines')}
          placeholder={trans.__('Filter')}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <Levels level={level} setLevel={setLevel} />
        <span className="jp-tfs-small jp-tfs-muted">
          {trans._n('%1 line', '%1 lines', lines.length)}
        </span>
        <Acts lines={lines} follows={follows} setFollows={setFollows} />
      </div>
      <div
        ref={list}
        className="jp-tfs-Log"
        role="log"
        aria-live="off"
        aria-label={trans.__('Log')}
        tabIndex={0}
        onScroll={({ currentTarget: at }) => {
          setFollows(at.scrollHeight - at.scrollTop - at.clientHeight < AT_END_PX);
        }}
      >
        {lines.length === 0 && (
          <p>
            <span />
            <span>
              {wanted
                ? trans.__('No line contains "%1".', filter.trim())
                : trans.__('Nothing logged yet.')}
            </span>
          </p>
        )}
        {lines.map((line) => (
          <Line key={line.seq} text={line.text} wanted={wanted} />
        ))}
        <LogEnd server={known.server} word={serverWord(known)} />
      </div>
    </div>
  );
}

function linesOf(logs: readonly LogLine[], wanted: string, level: string): readonly LogLine[] {
  const lowest = RANK[level] ?? 0;
  return logs.filter(
    ({ text }) =>
      text.toLowerCase().includes(wanted) &&
      (lowest === 0 || (RANK[partsOf(text).level] ?? 0) >= lowest),
  );
}

function Levels(props: {
  readonly level: string;
  readonly setLevel: (level: string) => void;
}): React.JSX.Element {
  const { trans } = useTools();
  return (
    <select
      className="jp-tfs-Input jp-mod-small"
      aria-label={trans.__('Lowest level shown')}
      value={props.level}
      onChange={(event) => props.setLevel(event.target.value)}
    >
      <option value="info">{trans.__('Info and above')}</option>
      <option value="warn">{trans.__('Warnings and above')}</option>
      <option value="error">{trans.__('Errors only')}</option>
    </select>
  );
}

function Acts(props: {
  readonly lines: readonly LogLine[];
  readonly follows: boolean;
  readonly setFollows: (follows: boolean) => void;
}): React.JSX.Element {
  const { trans, run, has } = useTools();
  const { lines, follows, setFollows } = props;
  const text = (): string => lines.map((line) => line.text).join('\n');
  return (
    <span className="jp-tfs-actions">
      <Button
        pressed={follows}
        {...(follows ? { icon: checkIcon } : {})}
        onClick={() => setFollows(!follows)}
      >
        {trans.__('Follow')}
      </Button>
      {has('copy-text') && (
        <IconButton
          icon={copyIcon}
          label={trans.__('Copy shown lines')}
          onClick={() => run('copy-text', { text: text() })}
        />
      )}
      <IconButton
        icon={downloadIcon}
        label={trans.__('Download shown lines')}
        onClick={() => download(text())}
      />
    </span>
  );
}

/** Hand the browser a file that never leaves the page. */
function download(text: string): void {
  const url = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'model-server.log';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url));
}

const Line = React.memo(function Line(props: { readonly text: string; readonly wanted: string }) {
  const { time, level, text } = partsOf(props.text);
  const at = props.wanted ? text.toLowerCase().indexOf(props.wanted) : -1;
  const end = at + props.wanted.length;
  const words = { info: 'INFO', warn: 'WARN', error: 'ERROR' };
  return (
    <p className={level === 'info' ? undefined : `jp-mod-${level}`}>
      <time>{time}</time>
      <span>
        {time !== '' && <b>{words[level]}</b>}
        {at < 0
          ? text
          : [text.slice(0, at), <mark key="mark">{text.slice(at, end)}</mark>, text.slice(end)]}
      </span>
    </p>
  );
});
