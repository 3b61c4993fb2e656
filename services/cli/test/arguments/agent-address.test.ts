import { describe, expect, test } from 'vitest';
import { agentText, parseAgent } from '../../src/arguments/agent-address.js';
import { parsePath, valueAt } from '../../src/arguments/path-argument.js';

describe('agents on the command line', () => {
  test.each([
    ['counter/a1', 'default/counter/a1'],
    ['acme/counter/a1', 'acme/counter/a1'],
    ['note/a.b c', 'default/note/a=2eb=20c'],
    ['Acme/note/Ä', '=41cme/note/=c3=84'],
    ['note/a=2eb', 'default/note/a=3d2eb'],
  ])('%s is %s', (text, id) => {
    expect(parseAgent(text)).toBe(id);
    expect(parseAgent(id)).toBe(id);
  });

  test('a name with a slash needs its tenant as an option', () => {
    expect(parseAgent('note/2026/11', { tenant: 'default' })).toBe('default/note/2026=2f11');
    expect(parseAgent('note/2026/11')).toBe('note/2026/11');
  });

  test('is printed in a form that is read back as the same agent', () => {
    for (const id of ['default/counter/a1', 'acme/counter/a1', 'default/note/a=2eb=20c', 'default/note/2026=2f11', 'x/note/=41=3d41'] as const) {
      expect(parseAgent(agentText(parseAgent(id)))).toBe(id);
    }
    expect(agentText(parseAgent('counter/a1'))).toBe('counter/a1');
    expect(agentText(parseAgent('note/a.b c'))).toBe('note/a.b c');
  });
});

describe('paths on the command line', () => {
  const state = { list: [{ name: 'x' }], 'a.b': 1, when: new Date(0) };

  test('name keys and indexes with dots, with brackets, or as a JSON list', () => {
    expect(valueAt(state, parsePath('list.0.name'))).toBe('x');
    expect(valueAt(state, parsePath('list[0].name'))).toBe('x');
    expect(valueAt(state, parsePath('["a.b"]'))).toBe(1);
    expect(valueAt(state, parsePath(''))).toBe(state);
  });

  test('that lead nowhere are refused', () => {
    for (const path of ['list.1', 'list.length', 'when.getTime', 'list.0.name.x', 'toString']) {
      expect(() => valueAt(state, parsePath(path))).toThrow(/nothing at/);
    }
    expect(() => parsePath('[1, {}]')).toThrow(/no path/);
  });
});
