import { Injectable } from '@nestjs/common';
import { Sql } from '@libs/postgres/sql';
import { CarrierEndpoints } from '../../application/ports';

const KEEP = `insert into carrier_endpoints (url, endpoint_id, sealed_secret) values ($1, $2, $3)
  on conflict (url) do update set endpoint_id = excluded.endpoint_id, sealed_secret = excluded.sealed_secret, created_at = now()`;

@Injectable()
export class PostgresCarrierEndpoints extends CarrierEndpoints {
  constructor(private readonly sql: Sql) {
    super();
  }

  async find(url: string): Promise<{ id: string; sealedSecret: string } | undefined> {
    const rows = await this.sql.query<{ id: string; sealedSecret: string }>(
      'select endpoint_id as id, sealed_secret as "sealedSecret" from carrier_endpoints where url = $1',
      [url],
    );
    return rows[0];
  }

  async keep(url: string, { id, sealedSecret }: { id: string; sealedSecret: string }): Promise<void> {
    await this.sql.query(KEEP, [url, id, sealedSecret]);
  }
}
