import { Injectable } from '@nestjs/common';
import { Sql } from '@libs/postgres/sql';
import { Revisions } from '../../application/ports';
import type { FormName } from '../../domain/search-query';

@Injectable()
export class PostgresRevisions extends Revisions {
  constructor(private readonly sql: Sql) {
    super();
  }

  async of(form: FormName): Promise<{ catalogue: number; prices: number }> {
    const [row] = await this.sql.query<{ catalogue: number; prices: number }>('select catalogue, prices from revisions where form = $1', [form]);
    return row ?? { catalogue: 0, prices: 0 };
  }

  async changed(form: FormName, isCatalogue: boolean): Promise<void> {
    await this.sql.query('update revisions set prices = prices + 1, catalogue = catalogue + $2 where form = $1', [form, isCatalogue ? 1 : 0]);
  }
}
