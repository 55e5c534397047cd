import { create } from '@bufbuild/protobuf';
import { timestampDate, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { timestampOf } from './timestamp';

it.each(['2026-11-20T12:00:00.000Z', '2026-11-20T12:00:00.007Z', '1969-12-31T23:59:59.993Z'])('an instant is the same again when it is read: %s', (at) => {
  expect(timestampDate(create(TimestampSchema, timestampOf(new Date(at)))).toISOString()).toBe(at);
});
