import { Injectable } from '@nestjs/common';
import { invariant } from '@libs/kernel/invariant';
import { SecretBox } from '@libs/secrets/secret-box';
import { Sealer } from '../../application/ports';
import { UserSecrets } from './secrets';

/** `<key id>.<base64url of what is sealed>`, bound to its place: a text that was moved to another row does not open. */
@Injectable()
export class AesSealer extends Sealer {
  constructor(private readonly secrets: UserSecrets) {
    super();
  }

  seal(text: string, place: string): string {
    const [key] = this.secrets.dataKeys;
    invariant(key, 'there is no data key');
    return `${key.kid}.${new SecretBox(key.value).seal(text, place).toString('base64url')}`;
  }

  open(sealed: string, place: string): string {
    const dot = sealed.indexOf('.');
    const key = this.secrets.dataKeys.find(({ kid }) => kid === sealed.slice(0, dot));
    invariant(key, 'sealed with a key that is not in the secrets file');
    const text = new SecretBox(key.value).open(Buffer.from(sealed.slice(dot + 1), 'base64url'), place);
    invariant(text !== undefined, 'sealed for another place, or tampered with');
    return text;
  }
}
