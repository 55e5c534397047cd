import { createHmac } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Activity } from '@libs/chassis/activity';
import { Metrics } from '@libs/chassis/metrics';
import { Passwords } from '../../application/ports';
import { UserConfig } from '../../user.config';
import { HashPool } from './hash-pool';
import { UserSecrets } from './secrets';

/** A well-formed hash of nothing that anybody knows: comparing with it takes as long as with a real one. */
const nobodysHash = (cost: number) => `$2b$${String(cost).padStart(2, '0')}$C6UzMDM.H6dfI/f/IKcEeO7ZEl4bdFFSf5oEqGpsdeMOXdmm8hQxG`;

/** Bcrypt sees 72 bytes and no more, so it gets an HMAC of the password (44 characters): every character counts, and without our pepper a stolen table cannot even be guessed at. */
@Injectable()
export class BcryptPasswords extends Passwords implements OnApplicationShutdown {
  private readonly pool: HashPool;
  private readonly cost: number;

  constructor(config: UserConfig, private readonly secrets: UserSecrets, activity: Activity, metrics: Metrics) {
    super();
    this.cost = config.values.BCRYPT_COST;
    const pool = new HashPool(config.values.PASSWORD_WORKERS);
    this.pool = pool;
    activity.report('password_hashes', () => pool.size);
    metrics.gauge('password_hashes_pending', 'Passwords that are being hashed or wait for it.', [], () => pool.size);
  }

  async hash(password: string): Promise<string> {
    return String(await this.pool.run({ text: this.peppered(password), cost: this.cost }));
  }

  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const isSame = await this.pool.run({ text: this.peppered(password), hash: hash ?? nobodysHash(this.cost), cost: this.cost });
    return hash !== undefined && isSame === true;
  }

  isOutdated(hash: string): boolean {
    return Number(hash.split('$')[2]) < this.cost;
  }

  /** After the last request, which may still be hashing. */
  async onApplicationShutdown(): Promise<void> {
    await this.pool.close();
  }

  private peppered(password: string): string {
    return createHmac('sha256', this.secrets.passwordPepper).update(password).digest('base64');
  }
}
