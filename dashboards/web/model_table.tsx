/** The frame of a table of figures: it scrolls by itself where it is wider than the page, by keyboard too. */
import type { ComponentChildren } from 'preact';

interface ModelTableProps {
  readonly label: string;
  readonly columns: readonly string[];
  /** Rows: `tr` each. */
  readonly children: ComponentChildren;
}

export function ModelTable({ label, columns, children }: ModelTableProps) {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="model-table">
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
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
