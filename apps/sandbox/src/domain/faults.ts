import type { Fault, FaultMode, RefusingMode } from './keeping';
import type { Unit } from './unit';
import type { World } from './world';

/** `*` stands for one part of the path, a last `**` for the rest of it. */
export function matches(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== null && fault.method !== method) return false;
  const [wanted, parts] = [fault.path.split('/'), path.split('/')];
  const isOpen = wanted.at(-1) === '**';
  if (isOpen ? parts.length < wanted.length - 1 : parts.length !== wanted.length) return false;
  return wanted.every((part, at) => part === '*' || (part === '**' && at === wanted.length - 1) || part === parts[at]);
}

/** The faults that strike this call; each is counted, and the ones that have struck often enough are gone. */
export function strike(unit: Unit, method: string, path: string): Fault[] {
  const struck: Fault[] = [];
  for (const fault of faultsOf(unit.world)) {
    if (!matches(fault, method, path)) continue;
    if (fault.callsToSkip > 0) {
      unit.put('faults', { ...fault, callsToSkip: fault.callsToSkip - 1 });
      continue;
    }
    if (isSpared(unit, fault)) continue;
    struck.push(fault);
    if (fault.callsLeft === 1) unit.remove('faults', fault.id);
    else unit.put('faults', { ...(unit.get('faults', fault.id) ?? fault), callsLeft: fault.callsLeft - 1 });
  }
  return struck;
}

/** Of a fault that strikes some of the calls, every so many-th is struck: a test knows how many there will be. */
function isSpared(unit: Unit, fault: Fault): boolean {
  const { percent = 100, seen = 0 } = fault;
  if (percent >= 100) return false;
  unit.put('faults', { ...fault, seen: seen + 1 });
  return Math.floor(((seen + 1) * percent) / 100) === Math.floor((seen * percent) / 100);
}

export function faultsOf(world: World): Fault[] {
  return world.all('faults');
}

export const isRefusal = (mode: FaultMode): mode is RefusingMode => mode === 'conflict_409' || mode === 'rate_limit_429' || mode === 'unavailable_503';

export const isAboutWebhooks = (mode: FaultMode): boolean => mode === 'duplicate_webhooks' || mode === 'late_webhooks';
