/**
 * Numbers as people read them: three digits at most, the unit after a no-break space.
 *
 *     0   86/s   1.24k/s   12.3k/s   1.2M/s      0.4 ms   4.2 ms   38 ms   1.9 s   2 h 14 min   3 d
 *     9.4 MB   118 MB   1.4 GB                   90.4%   <0.1%
 */

export const NOTHING = '–';
const SPACE = '\u00a0';
const POWERS_OF_TEN = ['B', 'kB', 'MB', 'GB', 'TB'];

export class Numbers {
  constructor(private readonly _locale: string | undefined) {}

  rate(perSecond: number | null | undefined): string {
    return perSecond == null ? NOTHING : `${this.count(perSecond)}/s`;
  }

  count(value: number): string {
    if (value >= 999_500) {
      return `${this._digits(value / 1e6, 2)}M`;
    }
    return value >= 999.5
      ? `${this._digits(value / 1e3, 3)}k`
      : this._digits(value, value < 10 ? 2 : 3);
  }

  milliseconds(value: number | null | undefined): string {
    if (value == null) {
      return NOTHING;
    }
    if (value >= 999.5) {
      return `${this._digits(value / 1e3, 2)}${SPACE}s`;
    }
    return `${value < 10 ? this._decimals(value, 1) : this._digits(value, 3, 0)}${SPACE}ms`;
  }

  bytes(value: number | null | undefined): string {
    if (value == null) {
      return NOTHING;
    }
    let power = 0;
    let scaled = value;
    while (scaled >= 999.5 && power < POWERS_OF_TEN.length - 1) {
      scaled /= 1000;
      power += 1;
    }
    const text =
      scaled < 9.95 && power > 0 ? this._decimals(scaled, 1) : this._digits(scaled, 3, 0);
    return `${text}${SPACE}${POWERS_OF_TEN[power] ?? ''}`;
  }

  percent(part: number): string {
    if (part > 0 && part < 0.001) {
      return `<${this._decimals(0.1, 1)}%`;
    }
    if (part < 1 && part >= 0.9995) {
      return `>${this._decimals(99.9, 1)}%`;
    }
    return `${this._decimals(part * 100, 1)}%`;
  }

  /** A length of time: the two largest units that matter. */
  duration(seconds: number): string {
    const whole = Math.max(0, Math.floor(seconds));
    const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(whole / unit)) as [
      number,
      number,
      number,
    ];
    if (days > 0) {
      return `${days}${SPACE}d`;
    }
    if (hours > 0) {
      const rest = minutes % 60;
      return rest ? `${hours}${SPACE}h${SPACE}${rest}${SPACE}min` : `${hours}${SPACE}h`;
    }
    return minutes > 0 ? `${minutes}${SPACE}min` : `${whole}${SPACE}s`;
  }

  clock(unixSeconds: number, withSeconds = true): string {
    const seconds = withSeconds ? { second: '2-digit' as const } : {};
    return new Date(unixSeconds * 1000).toLocaleTimeString(this._locale, {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      ...seconds,
    });
  }

  /** A point in time with its date. */
  moment(unixSeconds: number): string {
    return new Date(unixSeconds * 1000).toLocaleString(this._locale, {
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  }

  private _digits(value: number, significant: number, decimals?: number): string {
    return decimals === undefined
      ? this._format('maximumSignificantDigits', significant).format(value)
      : this._decimals(value, decimals);
  }

  private _decimals(value: number, decimals: number): string {
    return this._format('maximumFractionDigits', decimals).format(value);
  }

  /** Making a format takes longer than a thousand uses of it. */
  private _format(
    limit: 'maximumSignificantDigits' | 'maximumFractionDigits',
    digits: number,
  ): Intl.NumberFormat {
    const key = `${limit} ${digits}`;
    const format =
      this._formats.get(key) ?? new Intl.NumberFormat(this._locale, { [limit]: digits });
    this._formats.set(key, format);
    return format;
  }

  private readonly _formats = new Map<string, Intl.NumberFormat>();
}
