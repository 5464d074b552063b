/**
 * The macros and variables of Grafana's ClickHouse plugin, expanded as its documentation and its source say (pkg/macros,
 * $__conditionalAll in the front end), so that a panel's SQL can be run without Grafana.
 */

export interface Range {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly intervalSecs: number;
}

/** Values chosen of each variable; '$__all' alone stands for all of them. */
export type Chosen = Readonly<Record<string, readonly string[]>>;

export function expand(sql: string, { from, to, intervalSecs }: Range, chosen: Chosen): string {
  const [start, end] = [Math.floor(from / 1000), Math.floor(to / 1000)];
  let text = withArguments(sql, '$__conditionalAll', ([condition = '', variable = '']) => {
    const values = chosen[variable.replace('$', '')];
    return values === undefined || values[0] === '$__all' ? '1=1' : condition;
  });
  text = withArguments(
    text,
    '$__timeFilter',
    ([column = '']) => `${column} >= toDateTime(${start}) AND ${column} <= toDateTime(${end})`,
  );
  text = withArguments(
    text,
    '$__timeInterval',
    ([column = '']) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${intervalSecs} second)`,
  );
  text = text
    .replaceAll('$__fromTime', `toDateTime(${start})`)
    .replaceAll('$__toTime', `toDateTime(${end})`)
    .replaceAll('$__interval_s', String(intervalSecs));
  text = text.replaceAll(/\$\{(\w+):sqlstring\}/g, (_, name: string) => {
    const values = chosen[name];
    if (values === undefined) throw new Error(`The variable ${name} is not one of the dashboard.`);
    return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(',');
  });
  const left = /\$[_{\w]+/.exec(text);
  if (left !== null) throw new Error(`${left[0]} is no macro or variable known here.`);
  return text;
}

function withArguments(sql: string, macro: string, write: (given: string[]) => string): string {
  let text = sql;
  for (let at = text.indexOf(`${macro}(`); at >= 0; at = text.indexOf(`${macro}(`)) {
    const given: string[] = [''];
    let depth = 1;
    let place = at + macro.length + 1;
    for (; depth > 0; place += 1) {
      const letter = text[place];
      if (letter === undefined) throw new Error(`${macro} does not end.`);
      if (letter === '(') depth += 1;
      if (letter === ')') depth -= 1;
      if (letter === ',' && depth === 1) given.push('');
      else if (depth > 0) given[given.length - 1] += letter;
    }
    text = text.slice(0, at) + write(given.map((one) => one.trim())) + text.slice(place);
  }
  return text;
}
