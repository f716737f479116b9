import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder } from '../../../test/folder.js';
import { folderOfOtherFormat, modelOfOtherFormat } from './other-formats.js';

const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Stand-ins that say what they were called with. */
const modules = {
  'torch/__init__.py':
    'class T:\n  def __init__(self, s): self.s = s\n  def contiguous(self): return T(self.s + " contiguous")\n  def clone(self): return self.s + " cloned"\n' +
    'def load(f, map_location, weights_only): assert weights_only and map_location == "cpu"; return {open(f).read(): T("t")}\n',
  'safetensors/__init__.py': '',
  'safetensors/torch.py': 'import json\ndef save_file(tensors, path, metadata): open(path, "w").write(json.dumps([tensors, metadata]))\n',
};

describe('weights in other formats', () => {
  it.runIf(hasPython).each(['plain', "it's [a] $HOME `x`"])('of PyTorch become safetensors by the line that the error has, in a folder %j', async (name) => {
    const files = { 'pytorch_model-00001-of-00002.bin': 'a', 'pytorch_model-00002-of-00002.bin': 'b' };
    const parent = folder({ ...modules, ...Object.fromEntries(Object.entries(files).map(([file, text]) => [`${name}/${file}`, text])) });
    const { hint } = await folderOfOtherFormat(join(parent, name), 'pytorch_model.bin.index.json');
    const line = hint.slice(hint.indexOf('python -c')).replace(/^python /, 'python3 ');
    const ran = spawnSync('sh', ['-c', line], { env: { ...process.env, PYTHONPATH: parent }, encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    const tensors = { a: 't contiguous cloned', b: 't contiguous cloned' };
    expect(JSON.parse(readFileSync(join(parent, name, 'model.safetensors'), 'utf8'))).toEqual([tensors, { format: 'pt' }]);
    expect(existsSync(join(parent, 'model.safetensors'))).toBe(false);
  });

  it.each([
    ['tf_model.h5', /TensorFlow are installed.*import BertConfig as C, BertForMaskedLM as M; .*from_pretrained\(d, from_tf=True\)/],
    ['flax_model.msgpack', /Flax are installed.*BertForMaskedLM as M; .*from_pretrained\(d, from_flax=True\)/],
    ['bert_model.ckpt.index', /BertForPreTraining as M; .*from_pretrained\(d \+ '\/bert_model\.ckpt\.index', from_tf=True, config=/],
  ] as const)('%s goes through the class that the configuration names', async (file, hint) => {
    const path = folder({ 'config.json': '{"architectures":["TFBertForMaskedLM"]}' });
    expect((await folderOfOtherFormat(path, file)).hint).toMatch(hint);
  });

  it('goes through the model without a head where no class is named, or none that is a name', async () => {
    for (const files of [{}, { 'config.json': '{' }, { 'config.json': '{"architectures":["x; import os"]}' }]) {
      expect((await folderOfOtherFormat(folder(files), 'tf_model.h5')).hint).toContain('AutoModel as M');
    }
  });

  it('on the hub is downloaded first', async () => {
    const error = await modelOfOtherFormat({ name: 'someone/tiny', revision: 'v2' }, 'pytorch_model.bin', undefined);
    expect(error.message).toMatch(
      /^someone\/tiny holds pytorch_model\.bin, and no model\.safetensors; .*: hf download someone\/tiny --revision v2 --local-dir tiny && python -c ".*" tiny; then give the folder$/,
    );
    expect(error.code).toBe('HOOKLINE_PRETRAINED');
  });
});
