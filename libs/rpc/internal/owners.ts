import type { DescService } from '@bufbuild/protobuf';
import type { ServiceName } from '@libs/contracts/events';
import { invariant } from '@libs/kernel/invariant';
import { isServiceName } from './caller';

/** The contract that every service with a database serves: whose it is, the caller says. */
const EVERYBODYS = 'operations';

/** Who serves a contract stands in its name: `exchange.bidding.v1.BiddingService` is bidding's. */
export function ownerOf({ typeName }: DescService, at?: ServiceName): ServiceName {
  const named = typeName.split('.')[1];
  const owner = named === EVERYBODYS ? at : named;
  invariant(isServiceName(owner), `no service of ours owns ${typeName}`);
  return owner;
}
