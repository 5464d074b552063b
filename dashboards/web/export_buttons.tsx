/** Taking away what a card shows: as CSV, and where it is a chart as a picture. */
import { useState } from 'preact/hooks';
import { download } from './download.ts';
import { useInterface } from './i18n.ts';

/** A file to be made when it is asked for; null where it cannot be. `told` says how far it is. */
export type MakeFile = (told: (words: string) => void) => Promise<{ name: string; content: Blob } | null>;

interface ExportButtonsProps {
  /** What is taken away, for those who hear the buttons. */
  readonly what: string;
  readonly csv: MakeFile;
  readonly png?: MakeFile;
}

export function ExportButtons({ what, csv, png }: ExportButtonsProps) {
  const { text } = useInterface();
  const [told, setTold] = useState('');
  const [busy, setBusy] = useState(false);
  const take = async (make: MakeFile): Promise<void> => {
    setBusy(true);
    setTold('');
    try {
      const file = await make(setTold);
      if (file === null) setTold(text.export_failed);
      else download(file.name, file.content);
    } catch {
      setTold(text.export_failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <span class="exports">
      <span role="status" class="muted small">
        {told}
      </span>
      <button
        type="button"
        class="text-button"
        disabled={busy}
        aria-label={text.export_csv_of(what)}
        title={text.export_csv_of(what)}
        onClick={() => void take(csv)}
      >
        CSV
      </button>
      {png !== undefined && (
        <button
          type="button"
          class="text-button"
          disabled={busy}
          aria-label={text.export_png_of(what)}
          title={text.export_png_of(what)}
          onClick={() => void take(png)}
        >
          PNG
        </button>
      )}
    </span>
  );
}

/** The room of both buttons, before there is anything to take away. */
export function ExportsToCome() {
  return (
    <span class="exports unready" aria-hidden="true">
      <span class="text-button">CSV</span>
      <span class="text-button">PNG</span>
    </span>
  );
}

export function csvFile(name: string, text: string): { name: string; content: Blob } {
  return { name, content: new Blob([text], { type: 'text/csv;charset=utf-8' }) };
}
