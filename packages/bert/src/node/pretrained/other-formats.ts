import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HooklineError } from '@hookline/core';
import { hubFiles, pretrainedError } from './hub-files.js';
import type { HubName } from './hub-name.js';

/** Weights in formats that are not read, in the order in which they are named: the first two can run code when they are opened. */
export const otherWeights = ['pytorch_model.bin', 'pytorch_model.bin.index.json', 'tf_model.h5', 'flax_model.msgpack', 'bert_model.ckpt.index'] as const;

type OtherWeights = (typeof otherWeights)[number];

/** A word of a shell's command line. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Keeps every tensor under its name, whatever the model's class; tied ones share memory, which safetensors refuses. Only numbers are unpickled. */
const fromPyTorch =
  "import glob, sys, torch; from safetensors.torch import save_file; d = sys.argv[1]; save_file({k: v.contiguous().clone() for f in glob.glob(glob.escape(d) + '/pytorch_model*.bin') for k, v in torch.load(f, map_location='cpu', weights_only=True).items()}, d + '/model.safetensors', {'format': 'pt'})";

const throughClass = (name: string, args: string): string =>
  `import sys; from transformers import BertConfig as C, ${name} as M; d = sys.argv[1]; M.from_pretrained(${args}).save_pretrained('converted')`;

/** What must be installed to convert a file, and what does it, with the folder as the first argument. */
function conversion(file: OtherWeights, architecture = 'AutoModel'): { readonly needs: string; readonly program: string; readonly into: string } {
  const beside = "converted, then copy the tokenizer's files there";
  switch (file) {
    case 'pytorch_model.bin':
    case 'pytorch_model.bin.index.json':
      return { needs: 'PyTorch and safetensors', program: fromPyTorch, into: 'the same folder' };
    case 'tf_model.h5':
      return { needs: 'transformers 4, PyTorch and TensorFlow', program: throughClass(architecture, 'd, from_tf=True'), into: beside };
    case 'flax_model.msgpack':
      return { needs: 'transformers 4, PyTorch and Flax', program: throughClass(architecture, 'd, from_flax=True'), into: beside };
    case 'bert_model.ckpt.index': {
      const args = "d + '/bert_model.ckpt.index', from_tf=True, config=C.from_json_file(d + '/config.json')";
      return { needs: 'transformers 4, PyTorch and TensorFlow', program: throughClass('BertForPreTraining', args), into: beside };
    }
  }
}

const convert = (file: OtherWeights, folder: string, before: string, architecture?: string): string => {
  const { needs, program, into } = conversion(file, architecture);
  return `convert it where ${needs} are installed, which writes into ${into}: ${before}python -c "${program}" ${quoted(folder)}`;
};

/** The class that a `config.json` says its weights were saved from, without the prefix of another framework; undefined where it says none. */
async function architectureOf(config: string): Promise<string | undefined> {
  try {
    const [name] = (JSON.parse(await readFile(config, 'utf8')) as { readonly architectures?: readonly unknown[] }).architectures ?? [];
    return typeof name === 'string' && /^\w+$/.test(name) ? name.replace(/^(TF|Flax)/, '') : undefined;
  } catch {
    return undefined;
  }
}

/** The error for a folder whose weights are in another format alone: says how to convert them. */
export async function folderOfOtherFormat(folder: string, file: OtherWeights): Promise<HooklineError> {
  const architecture = await architectureOf(join(folder, hubFiles.config));
  return pretrainedError(`${folder} holds ${file}, and no ${hubFiles.weights}`, convert(file, folder, '', architecture));
}

/**
 * The error for such a model on the hub, which is to be downloaded first.
 * @param config the model's `config.json` in the cache
 */
export async function modelOfOtherFormat({ name, revision }: HubName, file: OtherWeights, config: string | undefined): Promise<HooklineError> {
  const folder = name.split('/').at(-1)!;
  const fetching = `hf download ${name}${revision === 'main' ? '' : ` --revision ${revision}`} --local-dir ${folder} && `;
  const architecture = config === undefined ? undefined : await architectureOf(config);
  return pretrainedError(`${name} holds ${file}, and no ${hubFiles.weights}`, `${convert(file, folder, fetching, architecture)}; then give the folder`);
}
