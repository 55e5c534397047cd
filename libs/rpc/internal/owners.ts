import type { DescService } from '@bufbuild/protobuf';
import type { ServiceName } from '@libs/contracts/events';
import { invariant } from '@libs/kernel/invariant';
import { isServiceName } from './caller';

/** Who serves a contract stands in its name: `exchange.bidding.v1.BiddingService` is bidding's. */
export function ownerOf({ typeName }: DescService): ServiceName {
  const owner = typeName.split('.')[1];
  invariant(isServiceName(owner), `no service of ours owns ${typeName}`);
  return owner;
}
