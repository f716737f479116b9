import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderPlugins, withDefaults } from './order.js';
import type { Order, Plugin } from './plugin.js';

const plugin = (name: string, order: Order = {}): Plugin => ({ name, ...order });
const names = (plugins: readonly Plugin[]): string => plugins.map((one) => one.name).join(' ');

test.each<[string, Plugin[], string]>([
  ['the order given', [plugin('a'), plugin('b'), plugin('c')], 'a b c'],
  ['the stage goes over it', [plugin('c', { stage: 50 }), plugin('a', { stage: -100 }), plugin('b')], 'a b c'],
  ['before and after go over the stage', [plugin('late', { stage: 100 }), plugin('early', { stage: -100, after: ['late'] }), plugin('mid')], 'mid late early'],
  ['before', [plugin('b'), plugin('a', { before: ['b'] })], 'a b'],
  ['a chain against the order given', [plugin('c', { after: ['b'] }), plugin('b', { after: ['a'] }), plugin('a')], 'a b c'],
  ['two providers, one of which shares', [plugin('a', { provides: ['gating'] }), plugin('b', { shares: ['gating'] })], 'a b'],
  ['a requirement met by a capability that is shared', [plugin('a', { requires: ['gating'] }), plugin('b', { shares: ['gating'] })], 'a b'],
  ['a requirement met by a name', [plugin('a', { requires: ['b'] }), plugin('b')], 'a b'],
  ['a conflict with nobody there', [plugin('a', { conflicts: ['zz', 'a'], provides: ['a'] })], 'a'],
])('%s', (_, plugins, expected) => {
  expect(names(orderPlugins(plugins))).toBe(expected);
});

test.each<[string, Plugin[], string]>([
  ['DUPLICATE', [plugin('a'), plugin('a')], "two plugins are named 'a'"],
  [
    'CONFLICT',
    [plugin('a', { provides: ['gating'] }), plugin('b', { provides: ['gating'] }), plugin('c', { shares: ['gating'] })],
    "plugins 'a', 'b' all provide 'gating'",
  ],
  ['CONFLICT', [plugin('a', { conflicts: ['b'] }), plugin('b')], "plugin 'a' conflicts with 'b'"],
  ['CONFLICT', [plugin('a', { conflicts: ['gating'] }), plugin('b', { shares: ['gating'] })], "plugin 'a' conflicts with 'b' ('gating')"],
  ['REQUIRES', [plugin('a', { requires: ['x'] })], "plugin 'a' requires 'x'"],
  ['REQUIRES', [plugin('a', { requires: ['x'], provides: ['x'] })], "plugin 'a' requires 'x'"],
  ['UNKNOWN', [plugin('first', { after: ['frist'] })], "ordered against 'frist', which is not installed; did you mean 'first'?"],
  ['UNKNOWN', [plugin('a', { before: ['zzzzzz'] })], 'there are: a'],
  ['CYCLE', [plugin('a', { before: ['b'] }), plugin('b', { before: ['a'] }), plugin('c')], "the order of plugins 'a', 'b' is a cycle"],
  ['CYCLE', [plugin('a', { after: ['a'] })], "the order of plugins 'a' is a cycle"],
])('%s is named', (code, plugins, text) => {
  expect(() => orderPlugins(plugins)).toThrow(expect.objectContaining({ code: `HOOKLINE_PLUGIN_${code}` }));
  expect(() => orderPlugins(plugins)).toThrow(text);
});

/** Plugins with random stages and `after` relations that point backwards in a hidden order: never a cycle. */
const acyclic = fc
  .array(fc.record({ stage: fc.integer({ min: -2, max: 2 }), links: fc.array(fc.nat(20), { maxLength: 3 }), shuffle: fc.nat() }), { maxLength: 12 })
  .map((items) => {
    const plugins = items.map(({ stage, links }, i) => plugin(`p${i}`, { stage, after: i === 0 ? [] : links.map((link) => `p${link % i}`) }));
    return plugins
      .map((one, i) => ({ one, key: items[i]!.shuffle }))
      .sort((a, b) => a.key - b.key)
      .map(({ one }) => one);
  });

test('every relation holds, nothing is lost, and ordering again changes nothing', () => {
  fc.assert(
    fc.property(acyclic, (plugins) => {
      const ordered = orderPlugins(plugins);
      expect(new Set(ordered)).toEqual(new Set(plugins));
      const place = new Map(ordered.map((one, i) => [one.name, i]));
      for (const one of ordered) for (const before of one.after ?? []) expect(place.get(before)).toBeLessThan(place.get(one.name)!);
      expect(orderPlugins(ordered)).toEqual(ordered);
    }),
  );
});

test('without relations it is a stable sort by stage', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 12 }), (stages) => {
      const plugins = stages.map((stage, i) => plugin(`p${i}`, { stage }));
      expect(orderPlugins(plugins)).toEqual([...plugins].sort((a, b) => a.stage! - b.stage!));
    }),
  );
});

test('a default gives way to a plugin of the same name or capability, not to one that only shares it', () => {
  const defaults = [plugin('schedule', { provides: ['learning-rate'] }), plugin('clip', { provides: ['clipping'] })];
  expect(names(withDefaults(defaults, []))).toBe('schedule clip');
  expect(names(withDefaults(defaults, [plugin('mine', { provides: ['learning-rate'] })]))).toBe('clip mine');
  expect(names(withDefaults(defaults, [plugin('clip')]))).toBe('schedule clip');
  expect(names(withDefaults(defaults, [plugin('mine', { shares: ['clipping'] })]))).toBe('schedule clip mine');
  expect(names(withDefaults(defaults, [plugin('mine')], ['learning-rate']))).toBe('clip mine');
});
