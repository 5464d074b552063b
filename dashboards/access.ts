/** Who asks, and what they may: three roles, each of which may what those before it may. */
import { TidewatchError } from '../core/errors.ts';

/** reader: look. analyst: also judge, correct, silence, acknowledge. admin: also settings, the audit log, all the rest. */
export const ROLES = ['reader', 'analyst', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Actor {
  /** As the audit log has it: the token's name, or what stands for it. */
  readonly name: string;
  readonly role: Role;
  /** Whether the name is one person's or program's, so that it signs what is written. */
  readonly isNamed: boolean;
}

/** Who asks where no token is set: only programs on this machine can. */
export const THIS_MACHINE: Actor = { name: 'this machine', role: 'admin', isNamed: false };

/** @throws TidewatchError access.forbidden */
export function expectRole(actor: Actor, least: Role): void {
  if (ROLES.indexOf(actor.role) >= ROLES.indexOf(least)) return;
  throw new TidewatchError('access.forbidden', `This needs the role ${least}; ${actor.name} is ${actor.role}.`, {
    hint: 'Ask an administrator for a token of that role (dashboards.tokens).',
  });
}
