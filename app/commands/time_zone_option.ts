/** --time-zone of the commands that read a recorded feed: Chinese downloads write Beijing's clock and nothing more. */
import { InvalidArgumentError, Option } from 'commander';
import { isTimeZone } from '../../ingest/time.ts';

export function timeZoneOption(): Option {
  return new Option(
    '--time-zone <zone>',
    'of times in the feed that name none, as Asia/Shanghai (default: UTC)',
  ).argParser((zone: string) => {
    if (isTimeZone(zone)) return zone;
    throw new InvalidArgumentError('It is a time zone such as Asia/Shanghai or +08:00.');
  });
}
