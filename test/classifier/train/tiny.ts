/** A model of a few hundred numbers and rows of a few tokens: everything of training in milliseconds. */
import type { Row } from '../../../classifier/train/data.ts';
import type { ModelShape } from '../../../classifier/train/model.ts';
import { generator, normal } from '../../../classifier/train/random.ts';
import { type Recipe, recipeSchema } from '../../../classifier/train/recipe.ts';
import type { Weights } from '../../../classifier/train/safetensors.ts';
import { shrink, type Student } from '../../../classifier/train/student.ts';

export const TINY: ModelShape = {
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 32,
  layer_norm_eps: 1e-12,
  vocab_size: 40,
  pad_token_id: 1,
};

export function tinyRecipe(checkpoints: string, changes: Partial<Recipe> = {}): Recipe {
  return recipeSchema.parse({
    name: 'tiny',
    version: '0',
    base: '',
    data: '',
    corpus: '',
    output: '',
    checkpoints,
    seed: 3,
    layers: [0, 1],
    frozen_layers: 1,
    max_tokens: 12,
    batch_rows: 4,
    learning_rate: 0.01,
    head_learning_rate: 0.01,
    weight_decay: 0.01,
    warmup: 0.1,
    dropout: 0.1,
    label_smoothing: 0.05,
    clip_norm: 1,
    max_steps: 12,
    checkpoint_minutes: 99,
    evaluate_minutes: 99,
    sets: {},
    ...changes,
  });
}

/** Weights of a base model of two layers, as a file of one holds them. */
export function tinyBase(): Weights {
  const random = generator(5);
  const base: Weights = new Map();
  const add = (name: string, ...shape: number[]): void => {
    const size = shape.reduce((product, width) => product * width, 1);
    const isScale = name.endsWith('LayerNorm.weight');
    base.set(name, { shape, data: isScale ? new Float32Array(size).fill(1) : normal(size, 0.3, random) });
  };
  const { hidden_size: width, intermediate_size: inner } = TINY;
  add('embeddings.word_embeddings.weight', TINY.vocab_size, width);
  add('embeddings.position_embeddings.weight', 16, width);
  add('embeddings.token_type_embeddings.weight', 2, width);
  add('embeddings.LayerNorm.weight', width);
  add('embeddings.LayerNorm.bias', width);
  for (let layer = 0; layer < TINY.num_hidden_layers; layer += 1) {
    const name = `encoder.layer.${layer}`;
    for (const [part, outputs, inputs] of [
      ['attention.self.query', width, width],
      ['attention.self.key', width, width],
      ['attention.self.value', width, width],
      ['attention.output.dense', width, width],
      ['intermediate.dense', inner, width],
      ['output.dense', width, inner],
    ] as const) {
      add(`${name}.${part}.weight`, outputs, inputs);
      add(`${name}.${part}.bias`, outputs);
    }
    for (const part of ['attention.output', 'output']) {
      add(`${name}.${part}.LayerNorm.weight`, width);
      add(`${name}.${part}.LayerNorm.bias`, width);
    }
  }
  return base;
}

export function tinyStudent(recipe: Recipe): Student {
  return shrink(TINY, tinyBase(), recipe);
}

/** Rows whose sentiment follows from one token, so that learning shows. */
export function tinyRows(count: number): Row[] {
  const random = generator(9);
  return Array.from({ length: count }, (_, index) => {
    const length = 3 + Math.floor(random() * 8);
    const ids = Int32Array.from({ length }, () => 5 + Math.floor(random() * 35));
    const label = index % 3;
    ids[1] = 2 + label;
    return {
      id: `row-${index}`,
      set: index % 2 === 0 ? 'even' : 'odd',
      lang: 'en',
      ids,
      rate: 1.5,
      teacherShare: 0,
      targets: {
        sentiment: { allowed: [label], possible: [0, 1, 2], weight: 1 },
        ...(index % 2 === 0
          ? { topic: { allowed: [index % 20], possible: Array.from({ length: 20 }, (__, i) => i), weight: 1 } }
          : {}),
      },
    };
  });
}
