/** The part of WebAssembly that kernels.ts uses: neither the es2023 library nor @types/node 20 declares it. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  const Module: new (bytes: Uint8Array) => Module;
  const Memory: new (descriptor: { initial: number; maximum?: number }) => Memory;
  const Instance: new (module: Module, imports: { env: { memory: Memory } }) => Instance;
}
