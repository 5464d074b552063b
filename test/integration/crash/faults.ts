/** Faults that both forms know, made of the parts that they strike. Lengths are drawn from the round's own chance. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Disk } from './disk.ts';
import type { Fault } from './form.ts';
import type { Program } from './program.ts';
import type { Proxy } from './proxy.ts';

/** kill -9, and up again after at most two seconds. */
export function killing(program: Program): Fault {
  return {
    name: `kill -9 ${program.name}`,
    async run(chance) {
      const downMs = chance.between(0, 2000);
      await program.kill();
      await wait(downMs);
      program.start();
      return `down for ${downMs} ms`;
    },
  };
}

/** Two at the same moment. */
export function killingBoth(one: Program, other: Program): Fault {
  return {
    name: `kill -9 ${one.name} and ${other.name}`,
    async run(chance) {
      const downMs = chance.between(0, 2000);
      await Promise.all([one.kill(), other.kill()]);
      await wait(downMs);
      one.start();
      other.start();
      return `down for ${downMs} ms`;
    },
  };
}

/** SIGSTOP'd processes are covered by silence: to the other end both look the same. */
export function cutting(name: string, proxy: Proxy, longestMs: number): readonly Fault[] {
  const spell = (how: string, strike: (proxy: Proxy) => void): Fault => ({
    name: `network of ${name} ${how}`,
    async run(chance) {
      const forMs = chance.between(500, longestMs);
      strike(proxy);
      await wait(forMs);
      proxy.mend();
      return `for ${forMs} ms`;
    },
  });
  return [
    spell('cut', (one) => one.cut()),
    spell('silent', (one) => one.silence()),
    spell('slow (120 ms a piece)', (one) => one.slow(120)),
  ];
}

export function filling(name: string, disk: Disk): readonly Fault[] {
  return [
    {
      name: `disk of ${name} full`,
      ...(disk.missing && { missing: disk.missing }),
      async run(chance) {
        const forMs = chance.between(1500, 5000);
        disk.fill();
        await wait(forMs);
        disk.empty();
        return `for ${forMs} ms`;
      },
    },
  ];
}
