import type { BusLog, BusPlace, BusRows, Database } from '../../verify/invariant';

/** The embedded log. */
export class PostgresLog implements BusLog {
  constructor(private readonly database: Database) {}

  async each(take: (rows: BusRows) => void): Promise<void> {
    await this.database.each<{ topic: string; partition: number; from: number; lines: string }>('select topic, part as partition, first_offset as from, lines from bus_log', (row) =>
      take({ ...row, lines: row.lines.split('\n') }),
    );
  }

  async pruned(): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }>(`select topic || '/' || part as id from bus_log group by topic, part having min(first_offset) > 0`);
    return new Set(rows.map(({ id }) => id));
  }

  async positions(): Promise<BusPlace[]> {
    return this.database.query<BusPlace>('select consumer_group as group, topic, part as partition, next_offset as offset from bus_position');
  }

  async ends(): Promise<Omit<BusPlace, 'group'>[]> {
    return this.database.query<Omit<BusPlace, 'group'>>('select topic, part as partition, next_offset as offset from bus_partition');
  }
}
