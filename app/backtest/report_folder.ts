/** The folder of a report: asked for before hours of work whether it can be written, and written so that no half page is ever there. */
import { constants } from 'node:fs';
import { access, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { reportHtml, reportJson, type Report } from '../../backtest/report.ts';
import { TidewatchError } from '../../core/errors.ts';

/** Makes nothing: a command that is refused for another reason leaves no empty folder. @throws TidewatchError input.invalid */
export async function refuseUnwritable(option: string, folder: string): Promise<void> {
  const refused = (why: string, cause?: unknown): TidewatchError =>
    new TidewatchError('input.invalid', `${option}: ${folder} ${why}`, {
      cause,
      hint: 'Name a folder that you may write; it is made where it is not there.',
    });
  for (let path = resolve(folder); ; path = dirname(path)) {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw refused(`cannot be looked at: ${error.message}`, error);
    });
    if (found === null) continue;
    if (!found.isDirectory()) throw refused(`cannot be a folder: ${path} is a file`);
    return access(path, constants.W_OK | constants.X_OK).catch((error: unknown) => {
      throw refused(`cannot be written: ${(error as Error).message}`, error);
    });
  }
}

/** Writes index.html and report.json, each beside itself and then renamed. Its page. */
export async function writeReport(report: Report, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of [
    ['report.json', reportJson(report)],
    ['index.html', reportHtml(report)],
  ] as const) {
    await writeFile(join(folder, `${name}.new`), content);
    await rename(join(folder, `${name}.new`), join(folder, name));
  }
  return join(folder, 'index.html');
}
