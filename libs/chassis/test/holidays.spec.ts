import { z } from 'zod';
import { ConfigError, configOf } from '../config';
import { holidayKeys } from '../holidays';

class FloorConfig extends configOf(z.object(holidayKeys)) {}

const holidays = (text: string) => [...new FloorConfig({ HOLIDAYS: text }).values.HOLIDAYS];

describe('the holidays of an exchange', () => {
  it('are Christmas and New Year\'s Day of every year unless they are set', () => expect(holidays('')).toEqual(['12-25', '01-01']));

  it('are days of one year and days of every year, also the 29th of February', () => expect(holidays('2027-07-05, 12-25,02-29')).toEqual(['2027-07-05', '12-25', '02-29']));

  it.each(['2027-02-29', '02-30', '13-01', '5.7.2027', 'Christmas', '12-25,,01-01'])('are refused as %s, under the name of their key', (text) => {
    expect(() => holidays(text)).toThrow(ConfigError);
    expect(() => holidays(text)).toThrow(/^ {2}HOLIDAYS: must be/m);
  });

  it('are never so many that business days run out', () => {
    const days = Array.from({ length: 101 }, (_, i) => new Date(Date.UTC(2027, 0, 1 + i)).toISOString().slice(0, 10));
    expect(holidays(days.slice(1).join(','))).toHaveLength(100);
    expect(() => holidays(days.join(','))).toThrow(ConfigError);
  });
});
