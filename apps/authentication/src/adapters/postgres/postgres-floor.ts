import { Injectable } from '@nestjs/common';
import { Sql } from '@libs/postgres/sql';
import { Floor, type FloorFigures } from '../../application/ports';

const FIGURES = `
  select (select coalesce(jsonb_object_agg(state, n), '{}') from (select state, count(*) as n from inspections group by state) s) as tasks,
         (select coalesce(extract(epoch from $1 - min(received_at)), 0)::float8 from inspections where state in ('queued', 'awaiting_review', 'disagreement')) as "oldestSeconds",
         (select coalesce(jsonb_object_agg(verdict, n), '{}') from (select verdict, count(*) as n from verdicts group by verdict) v) as decisions,
         (select count(*) from inspections i left join verdicts v on v.inspection_id = i.id where i.state <> 'cancelled' and i.due_at < coalesce(v.decided_at, $1)) as breaches,
         (select count(*) from opinions f join opinions s on s.inspection_id = f.inspection_id and s.voice = 'second' where f.voice = 'first' and f.verdict <> s.verdict) as disagreements`;

@Injectable()
export class PostgresFloor extends Floor {
  constructor(private readonly sql: Sql) {
    super();
  }

  async figures(now: Date): Promise<FloorFigures> {
    const [row] = await this.sql.query<FloorFigures>(FIGURES, [now]);
    return row ?? { tasks: {}, oldestSeconds: 0, decisions: {}, breaches: 0, disagreements: 0 };
  }
}
