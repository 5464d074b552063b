/**
 * Secrets: asked for by doors, read out of a request, compared, and kept out of what is written. The last by value: names of
 * settings say which texts are secret (pino's own redaction knows names only), and from then on every line of the log and
 * every error shows stars instead, also where a library put one into a message. One list for the process, because
 * there is one standard error output.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Equality in a time that does not depend on where two texts differ; digests first, so that lengths do not show. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** The first of `holders` whose secret was given. All are compared, so that the time does not tell which, or how many. */
export function holderOf<Holder>(
  given: string,
  holders: readonly Holder[],
  secretOf: (holder: Holder) => string,
): Holder | undefined {
  let found: Holder | undefined;
  for (const holder of holders) if (isSameSecret(given, secretOf(holder))) found ??= holder;
  return found;
}

/** The token of an Authorization header (RFC 6750); undefined where there is none. */
export function bearerOf(header: string | undefined): string | undefined {
  const given = /^Bearer (.+)$/i.exec(header ?? '')?.[1]?.trim();
  return given === '' ? undefined : given;
}

const SECRET_NAME = /(^|_)(tokens?|secret|password|api_key|salt|webhook_url|also_sign_with)$/;
/** Shorter ones would blacken words. */
const SHORTEST = 6;
const hidden = new Set<string>();

/** Whether a setting of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** From now on `withoutSecrets` takes out this text, as it is, as JSON and addresses write it, and within base64. */
export function hideSecret(secret: string): void {
  if (secret.length < SHORTEST) return;
  const written = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
  for (const form of [...written, ...withinBase64(secret)]) hidden.add(form);
}

/**
 * What a text looks like in base64 behind others, as a password behind its user's name in a header of basic
 * authentication: one of three ways, by how many bytes stand before it. Signs that hold bits of its neighbours are left out.
 */
function withinBase64(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const own = encoded.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** Hides every secret in settings: by the names of keys, and the passwords within addresses. */
export function hideSecretsIn(settings: unknown, isSecret = false): void {
  if (typeof settings === 'string') {
    if (isSecret) hideSecret(settings);
    else if (/^[a-z][a-z0-9+.-]*:\/\/[^/]*@/i.test(settings) && URL.canParse(settings)) {
      hideSecret(decoded(new URL(settings).password));
    }
  } else if (Array.isArray(settings)) {
    for (const item of settings) hideSecretsIn(item, isSecret);
  } else if (typeof settings === 'object' && settings !== null) {
    for (const [name, value] of Object.entries(settings)) hideSecretsIn(value, isSecretName(name));
  }
}

/** A user or password out of an address. One with a bare "%" was never encoded: it means what it says. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The text with stars in place of every secret that was hidden. */
export function withoutSecrets(text: string): string {
  let shown = text;
  for (const secret of hidden) if (shown.includes(secret)) shown = shown.replaceAll(secret, '***');
  return shown;
}
