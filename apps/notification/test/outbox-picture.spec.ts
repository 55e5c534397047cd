import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { until } from '@libs/testing/exchange-process';
import { Transactions } from '@libs/postgres/transaction';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { type Browser, chromium, type Frame, type Locator, type Page } from 'playwright-core';
import { PlanMessage } from '../src/application/plan-message';
import { isAccountKind, type Kind, kinds } from '../src/domain/catalogue';
import { idOf, type OutboxMessage, type Person, PostOffice } from './post-office';
import { everyFact, UNFIT } from './wording';

jest.setTimeout(180_000);

/** High enough for the longest mail: what lies outside of a window may not be painted yet. */
const WINDOWS = { desktop: { width: 1280, height: 1300 }, phone: { width: 320, height: 1300 } } as const;
const PAINTED_MS_MAX = 20_000;
/** A picture of one colour has one line, over and over. */
const LINES_MIN = 25;
/** Words that a narrow window must leave whole; a number of a parcel may break. */
const WORD_MAX = 14;
const allKinds = Object.keys(kinds) as Kind[]; // The record's own keys.

const chromiumPath = process.env.CHROMIUM_PATH ?? (process.env.PATH ?? '').split(delimiter).flatMap((folder) => ['chromium', 'chromium-browser'].map((name) => join(folder, name))).find((path) => existsSync(path));
const canBeLeftOut = !chromiumPath && process.env.CI !== 'true';
if (canBeLeftOut) process.stderr.write('No picture of the outbox page is taken: there is no Chromium. `npm run setup` installs it, or set CHROMIUM_PATH.\n');

(canBeLeftOut ? describe.skip : describe)('a picture of the outbox page', () => {
  let office: PostOffice;
  let browser: Browser;
  let bea: Person;
  let folder: string;

  beforeAll(async () => {
    if (!chromiumPath) throw new Error('There is no Chromium: npm run setup installs it.');
    folder = temporaryFolder('outbox-pictures');
    office = await PostOffice.open();
    bea = office.person('Bea', '+15035550142');
    await receives(bea, allKinds);
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  });
  afterAll(async () => {
    await browser?.close();
    await office?.close();
  });

  /** Each kind of message once, about a sale of which the exchange has told. */
  async function receives({ id: userId, email: to }: Person, wanted: readonly Kind[]): Promise<void> {
    const { orderId, matchId, marketId } = await office.sale();
    const planning = office.service.app.get(PlanMessage);
    await office.service.app.get(Transactions).run(async (tx) => {
      for (const kind of wanted) {
        const sealed = isAccountKind(kind) ? { sealed: { to, token: 'a-secret-of-its-link' } } : {};
        await planning.execute(tx, { source: idOf('evt'), kind, userId, facts: everyFact, orderId, matchId, marketId, ...sealed });
      }
    });
    await office.service.settled();
  }

  describe.each(Object.entries(WINDOWS))('in a window as wide as a %s', (name, viewport) => {
    let page: Page;
    beforeAll(async () => {
      page = await browser.newPage({ viewport });
    });
    afterAll(() => page?.close());

    async function shown(query: string): Promise<Locator[]> {
      await page.goto(`${office.sandbox.url}/outbox?${query}`);
      expect((await measured(page)).wide).toBe(0);
      return page.locator('article').all();
    }

    it('shows every mail whole: its words, none of them unfit to be read, and nothing that is wider or longer than its frame', async () => {
      const mails = await office.outbox(bea);
      const cards = await shown(`to=${encodeURIComponent(bea.email)}`);
      expect([mails.length, cards.length]).toEqual([allKinds.length, allKinds.length]);
      const cutOff: object[] = [];
      for (const [i, mail] of [...mails].reverse().entries()) {
        const card = cards[i];
        if (!card) throw new Error('a mail has no card');
        const frame = await frameIn(card);
        const seen = oneLine(await frame.locator(':root').innerText());
        expect(readingOf(mail).filter((line) => !seen.includes(line))).toEqual([]);
        expect(UNFIT.exec(seen.replaceAll(/https:\/\/\S+/g, ''))).toBeNull();
        const { wide, high, broken } = await measured(frame);
        if (wide > 0 || high > 0 || broken.length > 0) cutOff.push({ subject: mail.subject, wide, high, broken });
        keep(`${name}-mail-${i}`, await painted(card.locator('iframe')));
      }
      expect(cutOff).toEqual([]);
    });

    it('shows every text message whole', async () => {
      const texts = await office.outbox(bea.phone);
      await shown(`to=${encodeURIComponent(bea.phone)}`);
      const bubbles = await page.locator('article .sms').all();
      expect(texts.length).toBeGreaterThan(0);
      expect((await Promise.all(bubbles.map((bubble) => bubble.innerText()))).reverse()).toEqual(texts.map(({ text }) => text));
      expect(texts.filter(({ text }) => UNFIT.test(text))).toEqual([]);
      for (const [i, bubble] of bubbles.entries()) keep(`${name}-text-${i}`, await bubble.screenshot());
    });

    it('shows them all together too', async () => {
      expect((await shown('')).length).toBeGreaterThan(0);
      keep(`${name}-outbox`, await page.screenshot());
      process.stdout.write(`Pictures of the outbox page (${name}): ${folder}\n`);
    });
  });

  /** A frame's words are there before they are drawn. */
  async function painted(frame: Locator): Promise<Buffer> {
    let picture: Buffer = Buffer.alloc(0);
    await until('a mail is painted', PAINTED_MS_MAX, async () => linesIn((picture = await frame.screenshot())) > LINES_MIN);
    return picture;
  }

  function keep(name: string, png: Buffer): void {
    expect(linesIn(png)).toBeGreaterThan(LINES_MIN);
    writeFileSync(join(folder, `${name}.png`), png);
  }
});

interface Measured {
  /** How far the page goes beyond its window. */
  readonly wide: number;
  readonly high: number;
  /** Words that begin on one line and end on another. */
  readonly broken: readonly string[];
}

/** Runs in the page, hence a text: nothing else here knows of a document. */
const MEASURE = `(() => {
  const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.scrollingElement;
  const broken = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const { 0: word, index } of texts.currentNode.textContent.matchAll(/[\\p{Letter}\\p{Number}]+/gu)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + word.length);
      if (word.length <= ${WORD_MAX} && new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) broken.push(word);
    }
  }
  return { wide: scrollWidth - clientWidth, high: scrollHeight - clientHeight, broken };
})()`;

const measured = (page: Page | Frame) => page.evaluate<Measured>(MEASURE);

async function frameIn(card: Locator): Promise<Frame> {
  const frame = await (await card.locator('iframe').elementHandle())?.contentFrame();
  if (!frame) throw new Error('a mail has no frame');
  return frame;
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

/** What the plain form of a mail says beside its addresses, line by line: the page has to show the same. */
function readingOf({ subject, text }: OutboxMessage): string[] {
  const lines = text.split('\n').map((line) => oneLine(line.replace(/:? ?https:\/\/\S+$/, '')).trim());
  return [subject ?? '', ...lines.flatMap((line) => line.split(/(?<=^[A-Z][a-z ]+): /)).map((part) => part.replace(/:$/, ''))].filter((part) => part !== '' && part !== '--');
}

/** How many different lines of pixels a picture has (PNG without interlacing, as browsers write it). */
function linesIn(png: Buffer): number {
  const [width, colours] = [png.readUInt32BE(16), png[25]];
  const data: Buffer[] = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  const pixels = inflateSync(Buffer.concat(data));
  const step = 1 + width * (colours === 6 ? 4 : 3);
  return new Set(Array.from({ length: pixels.length / step }, (_, row) => pixels.toString('latin1', row * step, (row + 1) * step))).size;
}
