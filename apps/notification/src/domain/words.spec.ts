import { money } from '@libs/kernel/money';
import { accountKinds, kinds, type Kind, namesPair } from './catalogue';
import { renderInbox, renderMail, renderSms } from './render';
import { type Around, type Facts, moneyText, Told } from './told';
import { words } from './words';
import { everyFact, UNFIT } from '../../test/wording';

const around: Around = { product: 'Norrland Aurora 1 <Glacier> & more', size: '9', urlKey: 'norrland-aurora-1', orderId: 'ord_01kjq7b3c4e5f6g7h8j9kamnpq', token: 'a+secret/token=' };
const place = { publicUrl: 'https://pairwise.example', firstName: 'Bea' };
const allKinds = Object.keys(kinds) as Kind[];
const told = (more: Facts = {}, about = around, zone = 'America/New_York') => new Told({ ...everyFact, ...more }, about, zone);

/** What stands on the page, without what stands behind its links. */
function visible(html: string): string {
  return html.replaceAll(/<title>.*?<\/title>|<[^>]+>/g, ' ').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll(/\s+/g, ' ');
}
const withoutLinks = (text: string) => text.replaceAll(/https:\/\/\S+/g, '');
const variants: Facts[] = [
  {}, { side: 'ask', isBack: false, isPaid: false }, { reasons: [] }, { reasons: ['something_new'], reason: 'something_new' },
  ...['payment_failed', 'reserve_failed', 'seller_cancelled', 'lost_inbound', 'lost_outbound', 'admin', 'suspended', 'self_match', 'market_retired', 'no_liquidity', 'declined', 'authentication_required'].map((reason) => ({ reason })),
];

describe.each(allKinds)('the message %s', (kind) => {
  it('reads well whatever it tells of', () => {
    const written = variants.map((variant) => words[kind](told(variant)));
    const mails = written.map((one) => renderMail(one, place));
    const texts = written.flatMap((one, i) => [visible(mails[i]?.html ?? ''), withoutLinks(mails[i]?.text ?? ''), one.subject, renderSms(one), ...Object.values(renderInbox(one)).slice(0, 2)]);
    expect(texts.filter((text) => UNFIT.test(text) || text.trim() === '')).toEqual([]);
    expect(written.filter((one) => one.subject.length > 90 || renderSms(one).length > 160)).toEqual([]);
  });

  it('says the same as a page and as plain text', () => {
    const written = words[kind](told());
    const { html, text } = renderMail(written, place);
    for (const said of [...written.lines, ...(written.rows ?? []).flat()]) {
      expect(visible(html)).toContain(said);
      expect(text).toContain(said);
    }
    if (written.action) expect(text).toContain(`https://pairwise.example${written.action.path}`);
    expect(html).toContain('Hello Bea,');
    expect(html).not.toContain('<Glacier>');
  });

  it('is written only when what it tells of is known', () => {
    const nothing = () => words[kind](new Told(everyFact, { orderId: around.orderId, token: 'x' }, 'UTC'));
    if (namesPair(kind)) expect(nothing).toThrow('lacks its product');
    else expect(nothing).not.toThrow();
  });
});

describe('what is read', () => {
  it('has amounts and times as its reader writes them', () => {
    expect([money('USD', 48_745), money('USD', 5), money('USD', -5), money('USD', 999_999_999_900), money('JPY', 1_200)].map(moneyText)).toEqual(['$487.45', '$0.05', '-$0.05', '$9,999,999,999.00', '¥1,200']);
    expect(words.label_ready(told()).rows).toContainEqual(['Ship by', 'Wednesday, March 4, 2026 at 3:30 PM EST']);
    expect(words.label_ready(told({}, around, 'Europe/Berlin')).rows).toContainEqual(['Ship by', 'Wednesday, March 4, 2026 at 9:30 PM GMT+1']);
  });

  it('fits on a phone: a long tracking number breaks', () => {
    const values = [...renderMail(words.label_ready(told({ tracking: 'SBX9GBNH4EXKPCRTJXVHISYP2WZ' })), place).html.matchAll(/<td style="([^"]*)">SBX9GBNH4EXKPCRTJXVHISYP2WZ</g)];
    expect(values.map(([, style]) => style)).toEqual([expect.stringContaining('overflow-wrap:anywhere')]);
  });

  it('carries the secret of a link in the link alone, written for an address bar', () => {
    const secret = accountKinds.map((kind) => words[kind](told())).filter(({ action }) => action?.path.includes('token='));
    expect(secret).toHaveLength(4);
    for (const { action, lines, subject } of secret) {
      expect(action?.path).toContain('token=a%2Bsecret%2Ftoken%3D');
      expect(`${subject} ${lines.join(' ')}`).not.toContain('secret');
    }
  });

  it('sends nobody to a page for what it cannot do', () => {
    expect(allKinds.flatMap((kind) => words[kind](told()).lines).filter((line) => /appeal|from the page of/.test(line))).toEqual([]);
  });

  it('tells why a pair has failed, in words', () => {
    expect(words.failed_buyer(told()).lines[0]).toBe('The pair did not pass inspection because the box is damaged and it has been worn. You get all your money back.');
  });
});
