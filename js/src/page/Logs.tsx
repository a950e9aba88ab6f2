import * as React from 'react';
import { partsOf } from '../format/logline';
import { Button } from '../ui/Button';
import { useSnapshot, useTools } from '../ui/tools';

const LINES = 1000;
const PAUSE_MS = 1000;

interface Props {
  readonly isShown: boolean;
  /** What the filter holds at first. */
  readonly filter?: string;
}

/** The log of the model server: filtered, and followed as long as its end is in sight. */
export function Logs({ isShown, filter: first = '' }: Props): React.JSX.Element {
  const { trans } = useTools();
  const { logs } = useSnapshot(isShown);
  const [filter, setFilter] = React.useState(first);
  const [follows, setFollows] = React.useState(true);
  const list = React.useRef<HTMLDivElement>(null);
  useLines(isShown);
  const wanted = filter.trim().toLowerCase();
  const lines = logs.filter((line) => line.text.toLowerCase().includes(wanted));
  React.useLayoutEffect(() => {
    if (follows && list.current) {
      list.current.scrollTop = list.current.scrollHeight;
    }
  }, [follows, lines.length]);
  return (
    <div className="jp-tfs-Pane jp-tfs-Logs">
      <div className="jp-tfs-line">
        <input
          className="jp-tfs-Input jp-mod-small"
          type="search"
          aria-label={trans.__('Filter lines')}
          placeholder={trans.__('Filter')}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <span className="jp-tfs-small jp-tfs-muted">
          {trans._n('%1 line', '%1 lines', lines.length)}
        </span>
        {!follows && (
          <span className="jp-tfs-actions">
            <Button onClick={() => setFollows(true)}>{trans.__('Follow')}</Button>
          </span>
        )}
      </div>
      <div
        ref={list}
        className="jp-tfs-Log"
        role="log"
        aria-live="off"
        aria-label={trans.__('Log')}
        tabIndex={0}
        onScroll={({ currentTarget: at }) => {
          setFollows(at.scrollHeight - at.scrollTop - at.clientHeight < 24);
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
      </div>
    </div>
  );
}

const Line = React.memo(function Line(props: { readonly text: string; readonly wanted: string }) {
  const { time, level, text } = partsOf(props.text);
  const at = props.wanted ? text.toLowerCase().indexOf(props.wanted) : -1;
  const end = at + props.wanted.length;
  return (
    <p className={level === 'info' ? undefined : `jp-mod-${level}`}>
      <time>{time}</time>
      <span>
        {level !== 'info' && <b>{level === 'warn' ? 'WARN' : 'ERROR'}</b>}
        {at < 0
          ? text
          : [text.slice(0, at), <mark key="mark">{text.slice(at, end)}</mark>, text.slice(end)]}
      </span>
    </p>
  );
});

/** Ask for new lines, again and again while somebody looks. */
function useLines(isShown: boolean): void {
  const { client, store } = useTools().panel;
  React.useEffect(() => {
    if (!isShown) {
      return undefined;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const look = async (): Promise<void> => {
      const after = store.snapshot.logs.at(-1)?.seq ?? 0;
      try {
        store.addLines((await client.logs(LINES, after)).lines);
      } catch {
        // The server is away; the panel says so, and the next look may succeed.
      }
      if (!isOver) {
        timer = setTimeout(() => void look(), PAUSE_MS);
      }
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [client, store, isShown]);
}
