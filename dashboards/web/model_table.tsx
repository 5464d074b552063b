/** The frame of a table of figures: it scrolls by itself where it is wider than the page, by keyboard too, and a shadow says so. */
import type { ComponentChildren } from 'preact';

interface ModelTableProps {
  readonly label: string;
  readonly columns: readonly string[];
  /** How many of the columns hold words, from the first on; figures stand under one another at the right. */
  readonly worded: number;
  /** Rows: `tr` each, of class `worded` the cells that hold words. */
  readonly children: ComponentChildren;
}

export function ModelTable({ label, columns, worded, children }: ModelTableProps) {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="model-table">
        <thead>
          <tr>
            {columns.map((name, index) => (
              <th key={name} scope="col" class={index < worded ? 'worded' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
