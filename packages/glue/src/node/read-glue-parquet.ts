import { HooklineError } from '@hookline/core';
import { systemCode } from '@hookline/core/node';
import { type AsyncBuffer, asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import * as z from 'zod';
import { dataError, shortened } from '../data/data-error.js';
import { inRange } from '../data/parse-label.js';
import { skippedRows } from '../data/skipped-rows.js';
import type { GlueTask, SplitLayout } from '../tasks/glue-task.js';
import type { Example, LabelledSet, Target } from '../tasks/task.js';
import { readError } from './file-access.js';

/**
 * Reads the shards of one split in the layout of Hugging Face: string columns, `label` (a class's id or a number), `idx`. Where the files
 * carry the names of the classes, ids are mapped through them.
 *
 * Rows with a text that is null or, where there are labels, empty are left out with a warning that counts them. Rows are numbered by `idx`, where there are
 * no labels each by another number.
 * @param source the folder, for the set
 * @param files in the order of their numbers
 * @throws HooklineError `HOOKLINE_DATA`: no Parquet, or packed by another codec than Snappy, a column missing or of another type, an id without a class, a
 * number out of range, an `idx` that numbers no row; `HOOKLINE_PERMISSION`
 */
export async function readGlueParquet(source: string, files: readonly string[], task: GlueTask, layout: SplitLayout): Promise<LabelledSet> {
  const examples: Example[] = [];
  const warnings: string[] = [];
  const indexOf = indexReader(layout.label === undefined);
  for (const file of files) {
    const { buffer, metadata } = await openParquet(file);
    checkColumns(file, metadata, task);
    checkCodec(file, metadata);
    const labelOf = labelReader(file, metadata, task);
    const skipped = skippedRows('row');
    const rows = await parquetReadObjects({ file: buffer, metadata, columns: [...task.hubTexts, 'label', 'idx'] }).catch((cause: unknown) => {
      throw damaged(file, cause);
    });
    for (const [i, row] of rows.entries()) {
      const texts = task.hubTexts.map((column) => row[column]);
      const index = indexOf(row['idx'], file, i + 1);
      if (!texts.every((text) => typeof text === 'string')) skipped.add('without a text', i + 1);
      else if (layout.label === undefined) examples.push({ index, texts: texts as unknown as Example['texts'], label: undefined });
      else if (texts.some((text) => text.trim() === '')) skipped.add('with an empty text', i + 1);
      else examples.push({ index, texts: texts as unknown as Example['texts'], label: labelOf(row['label'], i + 1) });
    }
    warnings.push(...skipped.warnings(file));
  }
  if (examples.length === 0) throw dataError({ file: files[0] ?? source }, 'there are no rows that can be used', again);
  return { source, task, examples, warnings };
}

const again = '`hookline data glue --download` fetches it again';

const damaged = (file: string, cause: unknown) =>
  /^E[A-Z]+$/.test(systemCode(cause) ?? '')
    ? readError(file, cause)
    : dataError({ file }, `is no Parquet file, or is damaged (${shortened((cause as Error).message, 200)})`, again, cause);

async function openParquet(file: string): Promise<{ readonly buffer: AsyncBuffer; readonly metadata: FileMetaData }> {
  try {
    const buffer = await asyncBufferFromFile(file);
    if (buffer.byteLength === 0) throw dataError({ file }, 'the file is empty', again);
    return { buffer, metadata: await parquetMetadataAsync(buffer) };
  } catch (cause) {
    throw cause instanceof HooklineError ? cause : damaged(file, cause);
  }
}

/** Parquet's types that a column may have. */
const types = { text: ['BYTE_ARRAY'], integer: ['INT64', 'INT32'], number: ['FLOAT', 'DOUBLE'] } as const;

function checkColumns(file: string, metadata: FileMetaData, task: GlueTask): void {
  const columns = new Map(parquetSchema(metadata).children.map(({ element }) => [element.name, element]));
  const need = (name: string, kind: keyof typeof types): void => {
    const found = columns.get(name);
    if (!found) throw dataError({ file, column: `column '${name}'` }, 'is missing', `the columns are: ${shortened([...columns.keys()].join(', '), 200)}`);
    const isText = found.logical_type?.type === 'STRING' || found.converted_type === 'UTF8';
    if (types[kind].some((type) => type === found.type) && (kind !== 'text' || isText)) return;
    throw dataError(
      { file, column: `column '${name}'` },
      `holds ${found.type ?? 'a group'} where ${kind === 'text' ? 'text' : types[kind].join(' or ')} belongs`,
    );
  };
  for (const name of task.hubTexts) need(name, 'text');
  need('label', task.target.kind === 'number' ? 'number' : 'integer');
  need('idx', 'integer');
}

/** What the reader of Parquet unpacks by itself. */
const codecs: readonly (string | undefined)[] = [undefined, 'UNCOMPRESSED', 'SNAPPY'];

function checkCodec(file: string, { row_groups }: FileMetaData): void {
  const codec = row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data?.codec)).find((one) => !codecs.includes(one));
  if (codec !== undefined) throw dataError({ file }, `is packed by ${codec}, which is not read`, 'write it with Snappy, or not packed');
}

type IndexOf = (value: unknown, file: string, row: number) => number;

/** @param unique whether a number may stand only once, over all shards */
function indexReader(unique: boolean): IndexOf {
  const seen = new Set<number>();
  return (value, file, row) => {
    const wrong = (what: string) => dataError({ file, line: row, unit: 'row', column: "column 'idx'" }, what, again);
    const index = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(index) || index < 0) throw wrong(`${value} is no number of a row`);
    if (unique && seen.has(index)) throw wrong(`${index} is there twice`);
    seen.add(index);
    return index;
  };
}

type LabelOf = (value: unknown, row: number) => number;

function labelReader(file: string, metadata: FileMetaData, { target }: GlueTask): LabelOf {
  const wrong = (row: number, what: string, hint: string) => dataError({ file, line: row, unit: 'row', column: "column 'label'" }, what, hint);
  if (target.kind === 'number') {
    const { range } = target;
    return (value, row) => {
      const number = typeof value === 'number' ? Number(value.toPrecision(7)) : Number.NaN; // the decimal that a 32-bit float stands for
      if (inRange(number, range)) return number;
      throw wrong(row, `${value} is out of range`, range ? `labels are numbers from ${range[0]} to ${range[1]}` : 'labels are numbers');
    };
  }
  const names = classNames(file, metadata, target) ?? target.labels;
  const ids = names.map((name) => target.labels.indexOf(name));
  return (value, row) => {
    const id = typeof value === 'bigint' || typeof value === 'number' ? ids[Number(value)] : undefined;
    if (id !== undefined) return id;
    throw wrong(row, `there is no class with the id ${value}`, `the ids are 0 to ${ids.length - 1}`);
  };
}

/** What Hugging Face's `datasets` notes in its files, as far as it matters here. */
const notes = z.object({ info: z.object({ features: z.object({ label: z.object({ names: z.array(z.string()) }) }) }) });

/** The classes by id that a file names itself; undefined where it does not. */
function classNames(file: string, metadata: FileMetaData, target: Extract<Target, { kind: 'classes' }>): readonly string[] | undefined {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  const names = text === undefined ? undefined : notes.safeParse(parseJson(text)).data?.info.features.label.names;
  const foreign = names?.find((name) => !target.labels.includes(name));
  if (foreign === undefined) return names;
  throw dataError({ file, column: "column 'label'" }, `the file names a class '${foreign}'`, `the classes of this task are: ${target.labels.join(', ')}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
