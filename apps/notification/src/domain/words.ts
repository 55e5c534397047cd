import type { Kind } from './catalogue';
import type { Told } from './told';

/** What a message says. The first line is also what stands in the inbox. */
export interface Words {
  readonly subject: string;
  readonly lines: readonly string[];
  readonly rows?: readonly (readonly [label: string, value: string])[];
  readonly action?: { readonly label: string; readonly path: string };
  /** As a text message. */
  readonly sms?: string;
}

const account = (label: string, path: string) => ({ label, path });
const orderOf = (told: Told, label = 'See your order') => ({ label, path: told.orderPath });
const notYou = 'If this was not you, change your password now and write to us: somebody else may have access to your account.';
const side = (told: Told) => (told.isBid ? 'bid' : 'ask');

const cancelledBecause: Readonly<Record<string, readonly [buyer: string, seller: string]>> = {
  payment_failed: ['Your payment did not go through in time.', 'The buyer\'s payment did not go through.'],
  reserve_failed: ['The seller\'s pair is no longer available.', 'Your pair was no longer available.'],
  seller_cancelled: ['The seller cancelled the sale.', 'You cancelled the sale.'],
  did_not_ship: ['The seller did not ship in time.', 'You did not ship in time.'],
  lost_inbound: ['The pair was lost on its way to our authenticators.', 'The pair was lost on its way to our authenticators.'],
  lost_outbound: ['The pair was lost on its way to you.', 'The pair was lost on its way to the buyer. That is our loss, not yours.'],
  admin: ['Our support team cancelled it.', 'Our support team cancelled it.'],
};
const unexplained = ['It could not be completed.', 'It could not be completed.'] as const;

const quoteEndedBecause: Readonly<Record<string, string>> = {
  payment_method_removed: 'The card that it was to be paid with was removed, and there is no other.',
  address_removed: 'The address that it was made with was removed, and there is no other.',
  payout_account_disabled: 'Your payout account is not active.',
  market_retired: 'The product is no longer traded.',
  self_match: 'It would have met a quote of your own.',
  payment_failed: 'Your payment did not go through in time.',
  reserve_failed: 'Your pair was no longer available.',
  no_liquidity: 'There was nothing left to trade at your price.',
};
/** A suspension may be of one side of trading: what it tells is true of the whole account as well. */
const quoteEnd = (told: Told) => (told.reason === 'suspended' ? `You cannot ${told.isBid ? 'buy' : 'sell'} at the moment.` : (quoteEndedBecause[told.reason] ?? 'It could not stay in the market.'));

const failedBecause: Readonly<Record<string, string>> = {
  counterfeit: 'it is not authentic', used: 'it has been worn', wrong_item: 'it is another product', wrong_size: 'it is another size', damaged_box: 'the box is damaged',
  missing_parts: 'parts are missing', manufacturer_defect: 'it has a defect', odour: 'it smells',
};
const findings = (told: Told) => new Intl.ListFormat('en-US').format(told.reasons.map((reason) => failedBecause[reason] ?? 'it does not meet our standard'));
const becauseOf = (told: Told) => (told.reasons.length === 0 ? '' : ` because ${findings(told)}`);

/** Every word that the exchange says to its users outside its own pages. */
export const words: Readonly<Record<Kind, (told: Told) => Words>> = {
  welcome: () => ({
    subject: 'Welcome to Pairwise',
    lines: ['Your account is open.', 'Bid what you want to pay, or ask what you want to get. Every pair is inspected by our authenticators, and your money is held until it has passed and arrived.'],
    action: account('Look around', '/'),
  }),
  verify_email: (told) => ({ subject: 'Confirm your e-mail address', lines: ['Please confirm that this address is yours. You can bid and ask as soon as you have.', `The link works until ${told.until}.`], action: account('Confirm my address', `/verify-email?token=${told.token}`) }),
  reset_password: (told) => ({
    subject: 'Choose a new password', lines: ['Somebody, hopefully you, has asked for a new password. Choosing one signs you out everywhere.', `The link works until ${told.until}. If you did not ask for it, ignore this mail: your password stays as it is.`],
    action: account('Choose a new password', `/reset-password?token=${told.token}`),
  }),
  confirm_old_email: (told) => ({ subject: 'Do you want to change your e-mail address?', lines: ['Somebody has asked to move your account to another e-mail address. It is moved when both addresses have agreed.', `The link works until ${told.until}. ${notYou}`], action: account('Yes, change it', `/confirm-email?token=${told.token}`) }),
  confirm_new_email: (told) => ({ subject: 'Confirm your new e-mail address', lines: ['Please confirm that this is your new address. It is used as soon as your old address has agreed as well.', `The link works until ${told.until}.`], action: account('Confirm my new address', `/confirm-email?token=${told.token}`) }),
  email_changed: () => ({ subject: 'Your e-mail address was changed', lines: ['Your account has a new e-mail address.', notYou], action: account('Check my account', '/account/security'), sms: 'Pairwise: your e-mail address was changed. Not you? Write to us at once.' }),
  password_changed: () => ({ subject: 'Your password was changed', lines: ['Your account has a new password.', notYou], action: account('Check my account', '/account/security'), sms: 'Pairwise: your password was changed. Not you? Write to us at once.' }),
  new_sign_in: () => ({ subject: 'A new sign-in to your account', lines: ['Somebody has signed in to your account from a device that we have not seen before.', notYou], action: account('See where I am signed in', '/account/security'), sms: 'Pairwise: a new sign-in to your account. Not you? Change your password.' }),
  sessions_ended: () => ({ subject: 'You were signed out everywhere', lines: ['All sessions of your account were ended. Sign in again where you need to.', notYou], action: account('Sign in', '/login'), sms: 'Pairwise: you were signed out everywhere. Not you? Change your password.' }),
  account_suspended: () => ({ subject: 'Your account is suspended', lines: ['Your account is suspended, and your open bids and asks are cancelled. Orders that are under way go on.', 'Write to our support team if you think that this is wrong.'], action: account('Contact support', '/account'), sms: 'Pairwise: your account is suspended. Please see your mail.' }),
  buying_suspended: () => ({ subject: 'You cannot buy at the moment', lines: ['Payments for your purchases have failed more than once, so you cannot place bids for now. You can still sell.', 'Write to our support team if you think that this is wrong.'], action: account('Check my cards', '/account/payment-methods'), sms: 'Pairwise: buying is suspended after failed payments. Please see your mail.' }),
  selling_suspended: () => ({ subject: 'You cannot sell at the moment', lines: ['Too many of your sales were cancelled by you or not shipped in time, so you cannot place asks for now, and your open asks are cancelled.', 'Sales that are under way go on: please ship them in time. Your bids are not affected.', 'Write to our support team if you think that this is wrong.'], action: account('See my sales', '/selling'), sms: 'Pairwise: selling is suspended after sales that were not shipped. Please see your mail.' }),
  account_reinstated: () => ({ subject: 'Your account is active again', lines: ['You can bid and ask again. Bids and asks that were cancelled meanwhile are not restored.'], action: account('Look around', '/'), sms: 'Pairwise: your account is active again.' }),
  card_added: () => ({ subject: 'A card was added to your account', lines: ['A card was added to your account. Your purchases can be charged to it.', notYou], action: account('See my cards', '/account/payment-methods') }),
  card_removed: () => ({ subject: 'A card was removed from your account', lines: ['A card was removed from your account. Bids that were made with it use your default card, or are cancelled when there is none.', notYou], action: account('See my cards', '/account/payment-methods') }),
  payout_account_changed: () => ({ subject: 'Your payout account was changed', lines: ['The account that your sales are paid out to was changed. For your safety, payouts pause for 72 hours.', notYou], action: account('Check my payout account', '/account/payouts'), sms: 'Pairwise: your payout account was changed. Not you? Write to us at once.' }),
  payout_account_disabled: () => ({ subject: 'Your payout account needs attention', lines: ['Your bank has turned a payout away, or your payout account is not complete. Your asks are cancelled until it works again.'], action: account('Check my payout account', '/account/payouts'), sms: 'Pairwise: your payout account needs attention. Please see your mail.' }),

  match_buyer: (told) => ({ subject: `It is yours: ${told.item}`, lines: [`Your bid met an ask at ${told.price}.`, 'We are charging your card now. Your money is held until the pair has passed inspection and arrived.'], rows: [['Pair', told.item], ['Price', told.price]], action: account('See my purchases', '/buying') }),
  match_seller: (told) => ({ subject: `Sold: ${told.item}`, lines: [`Your ask was matched at ${told.price}.`, 'Please do not ship yet. You get a shipping label as soon as the buyer has paid.'], rows: [['Pair', told.item], ['Price', told.price]], action: account('See my sales', '/selling') }),
  order_paid: (told) => ({ subject: `Paid: ${told.item}`, lines: [`We have charged your card with ${told.amount}.`, 'The seller has been asked to ship. The money is held until the pair has passed inspection and has reached you.'], rows: [['Pair', told.item], ['Total', told.amount]], action: orderOf(told) }),
  payment_action: (told) => ({
    subject: told.reason === 'authentication_required' ? 'Your bank wants to hear from you' : 'Your payment did not go through',
    lines: [told.reason === 'authentication_required' ? 'Your bank asks you to approve the payment for your purchase.' : 'Your card was declined for your purchase. You can pay with another one.', `The pair is kept for you until ${told.until}. After that the purchase is cancelled.`],
    action: orderOf(told, 'Pay now'), sms: 'Pairwise: the payment for your purchase needs you. Please see your mail.',
  }),
  label_ready: (told) => ({ subject: `Time to ship: ${told.item}`, lines: ['The buyer has paid. Your shipping label is ready.', `Print the label, put it on the box, and hand it to the carrier by ${told.until}.`], rows: [['Pair', told.item], ['Tracking number', told.tracking], ['Ship by', told.until]], action: orderOf(told, 'Print the label') }),
  shipped_in: (told) => ({ subject: `On its way to inspection: ${told.item}`, lines: ['The seller has shipped your pair to our authenticators.'], rows: [['Pair', told.item], ['Tracking number', told.tracking]], action: orderOf(told) }),
  shipped_out: (told) => ({ subject: `On its way to you: ${told.item}`, lines: ['Your pair has passed inspection and is on its way to you.'], rows: [['Pair', told.item], ['Tracking number', told.tracking]], action: orderOf(told) }),
  shipped_out_seller: (told) => ({ subject: `On its way to the buyer: ${told.item}`, lines: ['The pair that you sold is on its way to its buyer. You are paid as soon as it has arrived.'], rows: [['Pair', told.item]], action: orderOf(told) }),
  shipped_back: (told) => ({ subject: `On its way back to you: ${told.item}`, lines: ['Your pair is on its way back to you.'], rows: [['Pair', told.item], ['Tracking number', told.tracking]], action: orderOf(told) }),
  arrived: (told) => ({ subject: `At our authenticators: ${told.item}`, lines: [`The pair arrived at our authenticators on ${told.at}. Inspection takes up to two business days.`], rows: [['Pair', told.item]], action: orderOf(told) }),
  passed_buyer: (told) => ({ subject: `It is authentic: ${told.item}`, lines: ['Your pair has passed inspection. We are sending it on to you.'], rows: [['Pair', told.item]], action: orderOf(told) }),
  passed_seller: (told) => ({ subject: `Passed inspection: ${told.item}`, lines: ['Your pair has passed inspection. You are paid as soon as it has reached its buyer.'], rows: [['Pair', told.item]], action: orderOf(told) }),
  failed_buyer: (told) => ({ subject: `It did not pass inspection: ${told.item}`, lines: [`The pair did not pass inspection${becauseOf(told)}. You get all your money back.`], rows: [['Pair', told.item]], action: orderOf(told) }),
  failed_seller: (told) => ({ subject: `It did not pass inspection: ${told.item}`, lines: [`Your pair did not pass inspection${becauseOf(told)}. The sale is off, and the pair goes back to you.`, 'Write to our support team if you think that this is wrong.'], rows: [['Pair', told.item]], action: orderOf(told) }),
  delivered_buyer: (told) => ({ subject: `Delivered: ${told.item}`, lines: ['Your pair has arrived. Enjoy it.', 'If something is wrong, write to our support team.'], rows: [['Pair', told.item], ['Delivered', told.at]], action: orderOf(told) }),
  delivered_seller: (told) => ({ subject: `Delivered: ${told.item}`, lines: ['The pair that you sold has reached its buyer. Your payout is on its way.'], rows: [['Pair', told.item], ['Delivered', told.at]], action: orderOf(told) }),
  cancelled_buyer: (told) => ({
    subject: `Cancelled: ${told.item}`, lines: [`Your purchase is cancelled. ${(cancelledBecause[told.reason] ?? unexplained)[0]}`, told.isPaid ? 'You get all your money back; we write again when it is on its way.' : 'Your card is not charged.'],
    rows: [['Pair', told.item]], action: orderOf(told),
  }),
  cancelled_seller: (told) => ({ subject: `Cancelled: ${told.item}`, lines: [`Your sale is cancelled. ${(cancelledBecause[told.reason] ?? unexplained)[1]}`], rows: [['Pair', told.item]], action: orderOf(told) }),
  quote_returned: (told) => ({
    subject: told.isBack ? `Your ${side(told)} is back: ${told.item}` : `Your ${side(told)} has ended: ${told.item}`,
    lines: [
      `The trade at ${told.price} did not come about. ${told.isBid ? 'The seller\'s pair is no longer available.' : 'The buyer\'s payment did not go through.'}`,
      told.isBack ? `Your ${side(told)} is in the market again, in its old place.` : `Your ${side(told)} is no longer in the market. You can place a new one at any time.`,
    ],
    rows: [['Pair', told.item], ['Price', told.price]], action: account('See the market', told.productPath),
  }),
  refunded: (told) => ({ subject: `Refund: ${told.amount}`, lines: [`We have sent ${told.amount} back to your card.`, 'Your bank may take 5 to 10 days to show it.'], rows: [['Pair', told.item], ['Refund', told.amount]], action: orderOf(told) }),
  payout_paid: (told) => ({ subject: `Paid out: ${told.amount}`, lines: [`We have paid ${told.amount} to your bank account for the pair that you sold.`], rows: [['Pair', told.item], ['Payout', told.amount]], action: orderOf(told) }),
  payout_failed: (told) => ({ subject: 'Your payout did not arrive', lines: ['Your bank has turned a payout away. Your money is safe with us, and we pay it out again as soon as your payout account works.'], rows: [['Pair', told.item]], action: account('Check my payout account', '/account/payouts'), sms: 'Pairwise: a payout to your bank did not arrive. Please see your mail.' }),

  quote_expiring: (told) => ({ subject: `Your ${side(told)} ends soon: ${told.item}`, lines: [`Your ${side(told)} of ${told.price} ends on ${told.until}.`, 'Renew it if you want it to stay in the market.'], rows: [['Pair', told.item], ['Price', told.price], ['Ends', told.until]], action: account(`Renew my ${side(told)}`, told.isBid ? '/buying' : '/selling') }),
  quote_expired: (told) => ({ subject: `Your ${side(told)} has ended: ${told.item}`, lines: [`Your ${side(told)} of ${told.price} has ended without a match.`], rows: [['Pair', told.item], ['Price', told.price]], action: account('Place a new one', told.productPath) }),
  quote_cancelled: (told) => ({ subject: `Your ${side(told)} was cancelled: ${told.item}`, lines: [`Your ${side(told)} of ${told.price} was cancelled. ${quoteEnd(told)}`], rows: [['Pair', told.item], ['Price', told.price]], action: account('Place a new one', told.productPath) }),
  outbid: (told) => ({ subject: `You were outbid: ${told.item}`, lines: [`Somebody bids ${told.price}, which is more than your ${told.before}.`, 'Raise your bid to be first in line again.'], rows: [['Pair', told.item], ['Highest bid', told.price], ['Your bid', told.before]], action: account('Raise my bid', '/buying'), sms: `Pairwise: you were outbid at ${told.price} for ${told.item}.` }),
  price_alert: (told) => ({ subject: `Now ${told.price}: ${told.item}`, lines: [told.hasBefore ? `The lowest ask has fallen from ${told.before} to ${told.price}.` : `Somebody asks ${told.price}; before, nobody offered this pair.`], rows: [['Pair', told.item], ['Lowest ask', told.price], ...(told.hasBefore ? [['Before', told.before] as const] : [])], action: account('See the market', told.productPath), sms: `Pairwise: ${told.item} is now ${told.price}.` }),
};

/** What stands around every mail. */
export const frame = {
  name: 'Pairwise',
  greeting: (firstName: string) => (firstName === '' ? 'Hello,' : `Hello ${firstName},`),
  why: 'You get this mail because you have an account at Pairwise.',
  choose: 'Choose what we write to you about',
  unsubscribe: 'No more mails like this one',
} as const;
