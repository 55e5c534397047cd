import { announce } from './announcements';
import { move } from './balances';
import { badRequest } from './refusal';
import type { Charge, Dispute } from './resources';
import type { Unit } from './unit';

const DISPUTE_FEE = 1500;
const EVIDENCE_DAYS_S = 7 * 86_400;

export function openDispute(unit: Unit, charge: Charge): Dispute {
  const id = unit.id('du');
  const line = move(unit, {
    account: unit.on.account, type: 'adjustment', category: 'dispute', amount: -charge.amount, fee: DISPUTE_FEE, currency: charge.currency, source: id, availableOn: unit.now,
    description: `Chargeback withdrawal for ${charge.id}`,
  });
  unit.put('charges', { ...charge, disputed: true });
  const dispute = unit.put('disputes', {
    id, object: 'dispute', amount: charge.amount, balance_transactions: [line.id], charge: charge.id, created: unit.now, currency: charge.currency, evidence: {},
    evidence_details: { due_by: unit.now + EVIDENCE_DAYS_S, has_evidence: false, past_due: false, submission_count: 0 }, is_charge_refundable: false, livemode: false,
    metadata: {}, payment_intent: charge.payment_intent, reason: 'fraudulent', status: 'needs_response', _sandbox: { account: unit.on.account },
  });
  announce(unit, 'charge.dispute.created', dispute);
  announce(unit, 'charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

/** As at the provider's test mode, the evidence's text decides: `winning_evidence` wins, `losing_evidence` loses. */
export function submitEvidence(unit: Unit, id: string, evidence: Readonly<Record<string, string>>): Dispute {
  const dispute = openOne(unit, id);
  const updated = unit.put('disputes', { ...dispute, evidence: { ...dispute.evidence, ...evidence } });
  if (evidence['uncategorized_text'] === 'winning_evidence') return win(unit, updated);
  if (evidence['uncategorized_text'] === 'losing_evidence') return lose(unit, updated);
  announce(unit, 'charge.dispute.updated', updated);
  return updated;
}

export function closeDispute(unit: Unit, id: string): Dispute {
  return lose(unit, openOne(unit, id));
}

function win(unit: Unit, dispute: Dispute): Dispute {
  const line = move(unit, {
    account: dispute._sandbox.account, type: 'adjustment', category: 'dispute_reversal', amount: dispute.amount, fee: -DISPUTE_FEE, currency: dispute.currency, source: dispute.id,
    availableOn: unit.now, description: `Chargeback reversal for ${dispute.charge}`,
  });
  const won = unit.put('disputes', { ...dispute, status: 'won', balance_transactions: [...dispute.balance_transactions, line.id] });
  announce(unit, 'charge.dispute.funds_reinstated', won);
  announce(unit, 'charge.dispute.closed', won);
  return won;
}

function lose(unit: Unit, dispute: Dispute): Dispute {
  const lost = unit.put('disputes', { ...dispute, status: 'lost' });
  announce(unit, 'charge.dispute.closed', lost);
  return lost;
}

function openOne(unit: Unit, id: string): Dispute {
  const dispute = unit.must('disputes', id, 'dispute');
  if (dispute.status !== 'needs_response') throw badRequest('This dispute is already closed.');
  return dispute;
}
