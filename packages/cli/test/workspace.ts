import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hookline } from './run-hookline.js';

const words = ['the', 'state', 'of', 'union', 'is', 'strong', 'and', 'free', 'people', 'work', 'for', 'peace', 'law', 'land', 'year', 'nation', '.'];

/** Sentences of a few words, the same each time. */
const sentence = (key: number): string => `${Array.from({ length: 7 }, (_, i) => words[(key * 5 + i * i * 3 + key * i) % 16]).join(' ')} .`;

const text = (documents: number, sentences: number): string =>
  Array.from({ length: documents }, (_, d) => Array.from({ length: sentences }, (_, s) => sentence(31 * d + s)).join('\n')).join('\n\n');

/** Flags of the smallest model, on text and vocabulary of the workspace. */
export const smallModel = [
  '--layers',
  '2',
  '--hidden-size',
  '8',
  '--heads',
  '2',
  '--sequence-length',
  '8',
  '--batch-size',
  '2',
  '--dropout',
  '0',
  '--engine',
  'cpu',
];
export const small = ['--corpus', 'corpus.txt', '--vocabulary', 'vocab.txt', ...smallModel];

/** A directory with corpora and vocabularies, good and bad. */
export function makeTexts(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hookline-cli-'));
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(directory, name), content);
  write('corpus.txt', text(12, 8));
  write('long.txt', `${text(1, 400).replaceAll('\n', ' ')}\n\n${text(2, 4)}`);
  write('empty.txt', '');
  write('blank.txt', ' \n\n \n');
  write('latin1.txt', Buffer.concat([Buffer.from('the state of the caf'), Buffer.from([0xe9]), Buffer.from(' is strong .\n')]));
  write('vocab.txt', `${['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words].join('\n')}\n`);
  write('no-mask.txt', `${['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...words].join('\n')}\n`);
  mkdirSync(join(directory, 'folder'));
  return directory;
}

/** The texts, and a finished run `run` with checkpoints at steps 2, 4 and 6. */
export async function makeWorkspace(): Promise<string> {
  const directory = makeTexts();
  const made = await hookline(
    ['pretrain', ...small, '--steps', '6', '--pld', '0.5', '--checkpoint-every', '2', '--evaluate-every', '3', '--keep', '3', '--run', 'run'],
    { cwd: directory },
  );
  if (made.code !== 0) throw new Error(`the workspace's run failed: ${made.err.join('\n')}`);
  return directory;
}

/** A copy of a workspace for one test. */
export function copyOf(workspace: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'hookline-case-'));
  cpSync(workspace, copy, { recursive: true });
  return copy;
}

export const removeWorkspace = (directory: string): void => rmSync(directory, { recursive: true, force: true });
