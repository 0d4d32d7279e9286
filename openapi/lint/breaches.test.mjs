// Each rule that ruleset.yaml defines or chooses must report breaches.yaml.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import test from 'node:test';

test('every rule of ours reports a document that breaks it', () => {
  const ruleset = readFileSync('ruleset.yaml', 'utf8');
  const rules = [...ruleset.matchAll(/^ {2}([a-z][a-z0-9-]*):/gm)].map(([, name]) => name);
  assert.ok(rules.length > 10, 'the rules are found in the ruleset');
  const lint = spawnSync(
    process.execPath,
    ['node_modules/@stoplight/spectral-cli/dist/index.js', 'lint', 'breaches.yaml', '--ruleset', 'ruleset.yaml', '--format', 'json', '--quiet'],
    { encoding: 'utf8', timeout: 60_000 },
  );
  assert.equal(lint.status, 1, lint.stderr);
  const reported = new Set(JSON.parse(lint.stdout).map(({ code }) => code));
  assert.deepEqual(rules.filter((rule) => !reported.has(rule)), [], 'rules that reported nothing');
});
