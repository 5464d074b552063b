import { describe, expect, it } from 'vitest';
import { incidentOf, overlap, touchIncident, type Incidents } from '../../alerting/incident.ts';
import { labelsOf } from '../../alerting/labels.ts';
import { HOUR, START } from './opinions.ts';

const rules = { withinMs: 24 * HOUR, overlap: 0.5 };

describe('incidents', () => {
  it('joins an alert that shares half of its stories with one of late, and no other', () => {
    const incidents: Incidents = new Map();
    touchIncident(incidents, 'a', ['s1', 's2', 's3', 's4'], START, rules);
    expect(incidentOf(incidents, 'b', ['s3', 's4', 's9'], START + HOUR, rules)).toBe('a');
    expect(incidentOf(incidents, 'c', ['s4', 's8', 's9'], START + HOUR, rules)).toBe('c');
    expect(incidentOf(incidents, 'd', [], START + HOUR, rules)).toBe('d');
  });

  it('joins the likeliest of two, and none that ended too long ago', () => {
    const incidents: Incidents = new Map();
    touchIncident(incidents, 'a', ['s1', 's2'], START, rules);
    touchIncident(incidents, 'b', ['s1', 's2', 's3'], START + HOUR, rules);
    expect(incidentOf(incidents, 'c', ['s1', 's2', 's3'], START + 2 * HOUR, rules)).toBe('a');
    expect(incidentOf(incidents, 'c', ['s1', 's3', 's7'], START + 2 * HOUR, rules)).toBe('b');
    expect(incidentOf(incidents, 'c', ['s1', 's2'], START + 24 * HOUR + 1, rules)).toBe('b');
    touchIncident(incidents, 'b', [], START + 40 * HOUR, rules);
    expect([...incidents.keys()]).toEqual(['b']);
  });

  it('measures the overlap by the smaller set', () => {
    expect(overlap(['a', 'b'], ['a', 'b', 'c', 'd'])).toBe(1);
    expect(overlap(['a', 'b'], ['b', 'c'])).toBe(0.5);
    expect(overlap([], ['a'])).toBe(0);
  });
});

describe('labels', () => {
  const facts = { detector: 'surge', name: 'Norvale Bank', severity: 'warning', incident: 'i' };

  it('say what the series says, and which sector it is of', () => {
    const parents = new Map([['norvale_bank', 'banks']]);
    const series = { kind: 'entity', entity: 'norvale_bank', topic: null } as const;
    expect(labelsOf({ ...facts, series }, parents)).toEqual({
      ...facts,
      kind: 'entity',
      entity: 'norvale_bank',
      sector: 'banks',
      level: 'member',
    });
    expect(labelsOf({ ...facts, series: { ...series, entity: 'banks' } }, parents)).toMatchObject({
      sector: 'banks',
      level: 'sector',
    });
    expect(labelsOf({ ...facts, series }, new Map())).not.toHaveProperty('sector');
  });
});
