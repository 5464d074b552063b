/** A trend in the size of a word: volume as grey columns, the negative part of each in front of it. */

interface SparklineProps {
  readonly documents: readonly number[];
  readonly negative: readonly number[];
}

const WIDTH = 70;
const HEIGHT = 22;

export function Sparkline({ documents, negative }: SparklineProps) {
  const peak = Math.max(1, ...documents);
  const step = WIDTH / Math.max(1, documents.length);
  const columns = (values: readonly number[]): string =>
    values
      .map((value, index) => {
        const height = value === 0 ? 0 : Math.max(1, (value / peak) * HEIGHT);
        return height === 0
          ? ''
          : `M${(index * step).toFixed(1)} ${HEIGHT}v-${height.toFixed(1)}h${Math.max(0.6, step - 0.7).toFixed(1)}v${height.toFixed(1)}z`;
      })
      .join('');
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path class="volume" d={columns(documents)} />
      <path class="negative" d={columns(negative)} />
    </svg>
  );
}
