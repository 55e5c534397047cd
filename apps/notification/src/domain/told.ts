import { invariant } from '@libs/kernel/invariant';
import type { Money } from '@libs/kernel/money';

/** What a message tells of: kept with it, and without any personal data. Times are ISO texts. */
export interface Facts {
  readonly amount?: Money;
  readonly price?: Money;
  readonly before?: Money;
  readonly at?: string;
  readonly until?: string;
  readonly tracking?: string;
  readonly side?: string;
  readonly reason?: string;
  readonly reasons?: readonly string[];
  readonly isPaid?: boolean;
  readonly isBack?: boolean;
}

/** What it is about, from what the exchange has announced meanwhile. */
export interface Around {
  /** Such as "Norrland Aurora 1 Glacier". */
  readonly product?: string;
  readonly size?: string;
  readonly urlKey?: string;
  readonly orderId?: string;
  /** A link's secret. */
  readonly token?: string;
}

/** Facts in the form in which they are read. What is missing stops the message: nobody reads a hole in a sentence. */
export class Told {
  constructor(
    private readonly facts: Facts,
    private readonly around: Around,
    private readonly timeZone: string,
  ) {}

  get item(): string {
    return `${must('product', this.around.product)}, size ${must('size', this.around.size)}`;
  }

  get amount(): string {
    return moneyText(must('amount', this.facts.amount));
  }

  get price(): string {
    return moneyText(must('price', this.facts.price));
  }

  /** There may have been no price before. */
  get hasBefore(): boolean {
    return this.facts.before !== undefined;
  }

  get before(): string {
    return moneyText(must('before', this.facts.before));
  }

  get until(): string {
    return this.time(must('until', this.facts.until));
  }

  get at(): string {
    return this.time(must('at', this.facts.at));
  }

  get tracking(): string {
    return must('tracking', this.facts.tracking);
  }

  get isBid(): boolean {
    return must('side', this.facts.side) === 'bid';
  }

  get reason(): string {
    return this.facts.reason ?? '';
  }

  get reasons(): readonly string[] {
    return this.facts.reasons ?? [];
  }

  get isPaid(): boolean {
    return this.facts.isPaid === true;
  }

  get isBack(): boolean {
    return this.facts.isBack === true;
  }

  get orderPath(): string {
    return `/orders/${must('order', this.around.orderId)}`;
  }

  get productPath(): string {
    return `/p/${must('address of the product', this.around.urlKey)}`;
  }

  get token(): string {
    return encodeURIComponent(must('token', this.around.token));
  }

  private time(iso: string): string {
    const form = new Intl.DateTimeFormat('en-US', { timeZone: this.timeZone, weekday: 'long', month: 'long', day: 'numeric', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' });
    return form.format(new Date(iso)).replaceAll('\u202f', ' ');
  }
}

/** As a text, since a fraction of a number would be a float. */
export function moneyText({ currency, minor }: Money): string {
  const form = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  const digits = form.resolvedOptions().maximumFractionDigits ?? 2;
  const whole = String(Math.abs(minor)).padStart(digits + 1, '0');
  const text = digits === 0 ? whole : `${whole.slice(0, -digits)}.${whole.slice(-digits)}`;
  // `format` takes decimal texts exactly; its type wants to see one.
  return form.format(`${minor < 0 ? '-' : ''}${text}` as `${number}`);
}

function must<T>(what: string, value: T | undefined): T {
  invariant(value !== undefined && value !== '', `a message lacks its ${what}`);
  return value;
}
