import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import loadWabt from 'wabt';

/** Translates src/math/kernels.wat into src/math/kernels-bytes.ts. Run it after every change of the .wat file. */
const source = new URL('../src/math/kernels.wat', import.meta.url);
const target = new URL('../src/math/kernels-bytes.ts', import.meta.url);

/** The module's bytes, without debug names. */
export async function buildKernels(): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const module = wabt.parseWat('kernels.wat', readFileSync(source, 'utf8'), { simd: true });
  try {
    module.validate();
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const lines =
    Buffer.from(await buildKernels())
      .toString('base64')
      .match(/.{1,112}/g) ?? [];
  const text = lines.map((line) => `  '${line}'`).join(' +\n');
  writeFileSync(
    target,
    `/** kernels.wat in base64. Written by scripts/build-wasm.ts. */\nexport const kernelsBase64 =\n${text};\n`,
  );
}
