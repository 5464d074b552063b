/**
 * An authority, a broker's and a client's certificate, made by openssl for one test run: nothing secret lies in the
 * repository, and nothing in it can expire. Elliptic keys, because they take milliseconds.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificates {
  readonly authority: string;
  readonly client: { readonly certificate: string; readonly key: string };
  /** Key and certificate in one PEM file, as Kafka's keystore.type=PEM wants them. */
  readonly brokerStore: string;
}

/** Writes PEM files into `folder`. The broker's certificate is good for 127.0.0.1 and localhost. Throws without openssl. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const at = (name: string): string => join(folder, name);
  const openssl = (options: string[]): Promise<unknown> => run('openssl', options, { timeout: 30_000 });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = at('authority.pem');
  const lasting = ['-days', '2'];
  const root = ['-subj', '/CN=Tidewatch test authority', '-keyout', at('authority.key'), '-out', authority];
  await openssl(['req', '-x509', ...newKey, ...lasting, ...root]);
  async function sign(name: string, subject: string, names: string): Promise<{ certificate: string; key: string }> {
    const [certificate, key] = [at(`${name}.pem`), at(`${name}.key`)];
    await openssl(['req', ...newKey, '-keyout', key, '-out', at(`${name}.csr`), '-subj', subject]);
    await writeFile(at(`${name}.ext`), names);
    const signer = ['-CA', authority, '-CAkey', at('authority.key'), '-CAcreateserial'];
    const signed = ['-extfile', at(`${name}.ext`), '-out', certificate];
    await openssl(['x509', '-req', '-in', at(`${name}.csr`), ...signer, ...lasting, ...signed]);
    return { certificate, key };
  }
  const broker = await sign('broker', '/CN=broker', 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const client = await sign('client', '/CN=tide', 'extendedKeyUsage=clientAuth\n');
  const brokerStore = at('broker_store.pem');
  await writeFile(brokerStore, (await readFile(broker.key, 'utf8')) + (await readFile(broker.certificate, 'utf8')));
  return { authority, client, brokerStore };
}
