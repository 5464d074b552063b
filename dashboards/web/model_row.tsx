/** One model of the list, with what its comparison says: the rules one by one, then the figures that they rest on. */
import type { ModelsAnswer } from '../contract.ts';
import { ModelTable } from './model_table.tsx';
import { useInterface, type Interface } from './i18n.ts';

type Model = ModelsAnswer['models'][number];
type Verdict = NonNullable<Model['verdict']>;
type Rule = NonNullable<Verdict['rules']>[number];

export function ModelRow({ model: { model, role, origin, verdict } }: { model: Model }) {
  const { text } = useInterface();
  const says =
    origin === 'shipped'
      ? text.models_shipped
      : verdict === null
        ? text.model_not_compared
        : verdict.promotable
          ? text.model_better(verdict.against)
          : text.model_not_better(verdict.against);
  const badge = origin === 'shipped' && role === 'candidate' ? null : text[`model_${role}`];
  const head = (
    <>
      <b>{model}</b> {badge !== null && <span class="badge">{badge}</span>} <span class="muted small">{says}</span>
    </>
  );
  if (verdict === null) return <p class="model-row">{head}</p>;
  return (
    <details class="model-row">
      <summary>{head}</summary>
      <Reasons verdict={verdict} />
      <Figures model={model} verdict={verdict} />
    </details>
  );
}

function Reasons({ verdict: { reasons, rules } }: { verdict: Verdict }) {
  const words = useInterface();
  return (
    <ul class="small reasons">
      {rules === undefined
        ? reasons.map((reason) => (
            <li key={reason} lang="en">
              {reason}
            </li>
          ))
        : rules.map((rule) => (
            <li key={`${rule.rule} ${rule.set} ${rule.head}`}>
              <b class={rule.holds ? 'holds' : 'fails'}>
                {rule.holds ? words.text.rule_holds : words.text.rule_refuses}
              </b>{' '}
              {sentence(rule, words)}
            </li>
          ))}
    </ul>
  );
}

function sentence({ rule, set, head, rows, current, candidate, gained, lost, pValue, limit }: Rule, words: Interface) {
  const { text, format } = words;
  const [count, before, after] = [format.count(rows), points(current), points(candidate)];
  switch (rule) {
    case 'asked':
      return text.rule_asked(count, format.count(limit));
    case 'gain':
      return text.rule_gain(before, after, gained, lost, pValue.toPrecision(2));
    case 'public_asked':
      return text.rule_public_asked(count);
    case 'public':
      return text.rule_public(before, after, limit.toFixed(1));
    case 'public_set':
    default:
      return text.rule_public_set(
        `${set}, ${text[`head_${head}` as 'head_sentiment'] ?? head}`,
        before,
        after,
        limit.toFixed(1),
      );
  }
}

function Figures({ model, verdict }: { model: string; verdict: Verdict }) {
  const { text, format } = useInterface();
  const columns = [text.models_set, text.models_head, text.models_rows, text.models_before, text.models_after];
  return (
    <ModelTable label={text.models_table(model)} columns={columns} worded={2}>
      {[...verdict.feedback, ...verdict.published].map((one) => (
        <tr key={`${one.set} ${one.head}`}>
          <th scope="row">{one.set}</th>
          <td class="worded">{text[`head_${one.head}` as 'head_sentiment'] ?? one.head}</td>
          <td>{format.count(one.rows)}</td>
          <td>{points(one.current)}</td>
          <td>{points(one.candidate)}</td>
        </tr>
      ))}
    </ModelTable>
  );
}

export const points = (share: number): string => (100 * share).toFixed(1);
