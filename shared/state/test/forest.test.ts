import { agentId, type HashHex } from '@skep/kernel';
import { Forest, treeOf } from '@skep/state';
import { describe, expect, test } from 'vitest';
import { codeOf, objectOf, STATE_S } from './arbitrary.js';

const one = agentId({ tenant: 't', kind: 'k', name: '1' });
const two = agentId({ tenant: 't', kind: 'k', name: '2' });
const large = {
  ...STATE_S,
  wide: objectOf(Array.from({ length: 200 }, (_, at) => [`key-${at}`, { at, text: `some longer text ${at}` }] as const)),
  long: Array.from({ length: 2_000 }, (_, at) => `item ${at}`),
  text: 'line\n'.repeat(3_000),
};

describe('V7: the forest', () => {
  test('V7: one tree an agent, isolated from the others', () => {
    const forest = new Forest();
    const root = forest.createTree(one, STATE_S);
    expect(forest.createTree(two, STATE_S)).toBe(root);
    const changed = forest.updateTreeNode(one, ['tools', 'a'], 9);
    expect(forest.getTreeRoot(one)).toBe(changed);
    expect(forest.getTreeRoot(two)).toBe(root);
    expect(changed).toBe(treeOf({ ...STATE_S, tools: { ...STATE_S.tools, a: 9 } }).root());
    expect(forest.computeTreeDiff(root, changed)).toEqual([{ kind: 'update', path: ['tools', 'a'], old: 1, new: 9 }]);
    expect(forest.computeTreeDiff(changed, root)).toEqual([{ kind: 'update', path: ['tools', 'a'], old: 9, new: 1 }]);
    forest.updateTreeNode(one, ['goal'], undefined);
    expect(forest.getTree(one).has(['goal'])).toBe(false);
  });

  test('V7: optimizing shares equal content between agents and changes nothing else', () => {
    const forest = new Forest();
    const root = forest.createTree(one, structuredClone(large));
    forest.createTree(two, structuredClone(large));
    forest.updateTreeNode(two, ['wide', 'key-3', 'at'], -1);
    const changed = forest.updateTreeNode(two, ['long', 7], 'other');
    expect(forest.optimizeTree(one).nodes).toBeGreaterThanOrEqual(0);
    const { nodes, bytes } = forest.optimizeTree(two);
    expect(nodes).toBeGreaterThan(20);
    expect(bytes).toBeGreaterThan(20_000);
    expect(forest.getTreeRoot(one)).toBe(root);
    expect(forest.getTreeRoot(two)).toBe(changed);
    expect(forest.getTree(two).value()).toEqual(treeOf(forest.getTree(two).value()).value());
    expect((forest.getTree(two).value() as typeof large).memory).toBe((forest.getTree(one).value() as typeof large).memory);
    forest.updateTreeNode(two, ['memory', 0, 'text'], 'changed');
    expect(forest.getTreeRoot(one)).toBe(root);
    expect(forest.getTree(one).get(['memory', 0, 'text'])).toBe('memory item number 0');
  });

  test('V7, G10: tenants share no nodes, nor do agents of private kinds; a tenant with an address key has roots of its own', () => {
    const keyed = new Uint8Array(32).fill(7);
    const forest = new Forest({ privateKinds: new Set(['diary']), addressKeyOf: (tenant) => (tenant === 'secret' ? keyed : undefined) });
    const plant = (tenant: string, kind: string, name: string) => {
      const agent = agentId({ tenant, kind, name });
      const root = forest.createTree(agent, structuredClone(large));
      return { root, shared: forest.optimizeTree(agent).bytes };
    };
    const alone = plant('t', 'k', '1');
    expect(plant('t', 'k', '2').shared).toBeGreaterThan(alone.shared + 20_000);
    expect(plant('other', 'k', '1').shared).toBe(alone.shared);
    expect(plant('t', 'diary', '1')).toEqual({ root: alone.root, shared: 0 });
    expect(plant('t', 'diary', '2').shared).toBe(0);
    const secret = plant('secret', 'k', '1');
    expect(secret.root).toBe(treeOf(large, { addressKey: keyed }).root());
    expect(secret.root).not.toBe(alone.root);
  });

  test('V7: the newest roots can be compared, older ones are forgotten', () => {
    const forest = new Forest();
    const first = forest.createTree(one, { n: 0 });
    for (let at = 1; at <= 200; at += 1) forest.updateTreeNode(one, ['n'], at);
    expect(codeOf(() => forest.computeTreeDiff(first, forest.getTreeRoot(one)))).toBe('unknown-version');
  });

  test('G13: unknown agents, roots and paths', () => {
    const forest = new Forest();
    forest.createTree(one);
    expect(codeOf(() => forest.createTree(one))).toBe('agent-exists');
    expect(codeOf(() => forest.getTreeRoot(two))).toBe('unknown-agent');
    expect(codeOf(() => forest.computeTreeDiff('0'.repeat(64) as HashHex, forest.getTreeRoot(one)))).toBe('unknown-version');
    expect(codeOf(() => forest.updateTreeNode(one, ['a', 'b'], 1))).toBe('invalid-path');
  });
});
