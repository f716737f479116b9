import { geluWithSlope } from './normal.js';
import type { HostKernel } from './register.js';

/** [x·Φ(x), its derivative], elementwise. */
export const geluKernel: HostKernel = {
  name: 'HooklineGelu',
  run: (call) => {
    const outputs = [call.output(call.shape('x')), call.output(call.shape('x'))] as const;
    geluWithSlope(call.read('x') as Float32Array, call.write(outputs[0]), call.write(outputs[1]));
    return [...outputs];
  },
};
