/** Follows the server while an output is in sight: scrolled away, or on a hidden page, it rests. */

import * as React from 'react';
import { useTools } from '../ui/tools';

const NEAR = '200px';

export function useInSight(): readonly [React.RefObject<HTMLDivElement>, boolean] {
  const { panel } = useTools();
  const place = React.useRef<HTMLDivElement>(null);
  const [isInSight, setInSight] = React.useState(false);
  React.useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => setInSight(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: NEAR },
    );
    if (place.current) {
      observer.observe(place.current);
    }
    return () => observer.disconnect();
  }, []);
  React.useEffect(() => {
    if (!isInSight) {
      return undefined;
    }
    const look = panel.look();
    return () => look.dispose();
  }, [panel, isInSight]);
  return [place, isInSight];
}
