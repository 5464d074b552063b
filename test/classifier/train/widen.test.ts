import { expect, test } from 'vitest';
import { activationsOf, graphsOf } from '../../../classifier/train/export.ts';
import { readOnnxWeights } from '../../../classifier/train/import_onnx.ts';
import { decodeModel } from '../../../classifier/train/onnx_format.ts';
import { openServed } from '../../../classifier/train/served.ts';
import { widen } from '../../../classifier/train/widen.ts';
import { TINY, tinyRecipe, tinyRows, tinyStudent } from './tiny.ts';

const rows = tinyRows(9);

async function answers(graphs: Uint8Array[]): Promise<Record<string, number[][]>> {
  const served = await openServed(graphs, TINY.pad_token_id);
  const logits = await served.predict(rows, rows.length);
  await served.close();
  return logits;
}

test.each([{}, { exit_after: 1 }, { hidden_act: 'relu' as const }])(
  'a widened graph says what the int8 weights say as floats (%j)',
  async (changes) => {
    const recipe = tinyRecipe('', changes);
    const student = tinyStudent(recipe);
    const int8 = graphsOf(
      student,
      student.weights,
      recipe,
      await activationsOf(student, student.weights, recipe, rows),
    );
    const wide = int8.map(widen);
    const operators = wide.flatMap((graph) => decodeModel(graph).graph.node.map(({ op_type: operator }) => operator));
    expect(operators).not.toContain('MatMulIntegerToFloat');
    expect(operators).not.toContain('QuantizeLinear');

    const weights = new Map(student.weights);
    for (const graph of int8)
      for (const [name, weight] of readOnnxWeights(graph))
        if (!name.startsWith('embeddings.')) weights.set(name, weight);
    const wanted = await answers(graphsOf(student, weights, recipe, null));
    const found = await answers(wide);
    for (const { name } of student.heads)
      for (const [row, logits] of (wanted[name] ?? []).entries())
        for (const [at, logit] of logits.entries()) expect(found[name]?.[row]?.[at], name).toBeCloseTo(logit, 1);
  },
);
