import { Injectable } from '@nestjs/common';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import { Rpc } from '@libs/rpc/rpc';
import { type Contact, Contacts } from '../../application/ports';

@Injectable()
export class RpcContacts extends Contacts {
  constructor(private readonly rpc: Rpc) {
    super();
  }

  override async of(userId: string): Promise<Contact | undefined> {
    try {
      const { email, phone, firstName } = await this.rpc.client(UserService).getContact({ userId });
      return { email, phone, firstName };
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    }
  }
}
