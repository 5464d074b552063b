/** How commands come to the door (app/door.ts): the options that say the way, and the door open for as long as the work lasts. */
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import { openDoor, type Door } from '../door.ts';
import { QUICKSTART } from '../package_root.ts';

export interface DoorOptions {
  config?: string;
  data?: string;
  url?: string;
}

/** A command with these options. */
export function doorCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--config <file>', 'settings file (default: the bundled quickstart)')
    .option('--data <dir>', 'data folder, instead of data_dir of the settings')
    .option('--url <address>', 'address of the running page, instead of that of the settings');
}

/** @throws TidewatchError what openDoor throws, and what `work` does */
export async function throughDoor<Result>(
  options: DoorOptions,
  work: (door: Door) => Promise<Result>,
): Promise<Result> {
  const door = await openDoor(readSettings(options.config ?? QUICKSTART, { dataDir: options.data }), options);
  try {
    return await work(door);
  } finally {
    await door.close();
  }
}
