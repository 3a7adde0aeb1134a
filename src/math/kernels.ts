import { kernelsBase64 } from './kernels-bytes.ts';
import { createPlainKernels } from './kernels-plain.ts';
import type { Kernels, Loops } from './kernel-loops.ts';

const page = 65536;

function compile(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(Buffer.from(kernelsBase64, 'base64'));
  } catch {
    // No WebAssembly here (node --jitless). The plain loops give the same bits, slower.
    return null;
  }
}

const module = compile();

const loopNames = [
  'dots',
  'histogram',
  'passing',
  'weigh',
  'products',
  'quadratic',
  'multiply',
  'addOuter',
] as const satisfies readonly (keyof Loops)[];

/** Our own exports, whose types kernels.wat settles; the tests of both kinds check that these agree. */
function isLoops(exports: object): exports is Loops {
  return loopNames.every((name) => name in exports);
}

/** One memory with its loops: WebAssembly SIMD where it can be had, else plain TypeScript with the same results. */
export function createKernels(): Kernels {
  if (module === null) return createPlainKernels();
  try {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports: loops } = new WebAssembly.Instance(module, { env: { memory } });
    if (!isLoops(loops)) return createPlainKernels();
    return {
      kind: 'wasm',
      dots: loops.dots,
      histogram: loops.histogram,
      passing: loops.passing,
      weigh: loops.weigh,
      products: loops.products,
      quadratic: loops.quadratic,
      multiply: loops.multiply,
      addOuter: loops.addOuter,
      get buffer() {
        return memory.buffer;
      },
      reserve(bytes) {
        const missing = bytes - memory.buffer.byteLength;
        if (missing > 0) memory.grow(Math.ceil(missing / page));
      },
    };
  } catch {
    // A WebAssembly memory reserves some 10 GiB of address space, which `ulimit -v` may forbid.
    return createPlainKernels();
  }
}
