import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { dataError } from './data-error.ts';

const chunkBytes = 1 << 20;

/**
 * The bytes of a file, unpacked where it is gzip or a zip of one file (told by its first bytes). Rejects with what the
 * file system or zlib rejects with, and with `invalid_data` for a zip of several files.
 */
export async function* readBytes(path: string, name: string): AsyncGenerator<Buffer> {
  const head = await firstBytes(path, 4);
  const unpack = isGzip(head) ? createGunzip : isZip(head) ? createInflateRaw : null;
  const start = isZip(head) ? await startOfZipEntry(path, name) : 0;
  const file = createReadStream(path, { highWaterMark: chunkBytes, start });
  if (unpack === null) {
    for await (const chunk of file) yield asBuffer(chunk);
    return;
  }
  const unpacked = unpack({ chunkSize: chunkBytes });
  file.on('error', (error) => unpacked.destroy(error));
  file.pipe(unpacked);
  try {
    for await (const chunk of unpacked) yield asBuffer(chunk);
  } finally {
    file.destroy();
  }
}

/** Up to `length` bytes from the start of the file as it lies on the disk. */
export async function firstBytes(path: string, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;
export const isZip = (head: Buffer): boolean => head.length >= 4 && head.readUInt32LE(0) === 0x04034b50;

function asBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  throw new TypeError('a file stream gave something else than bytes');
}

const tailBytes = 1 << 16;
const endOfDirectory = Buffer.from('PK\u0005\u0006', 'latin1');
const deflated = 8;

/** Where the packed bytes of the only file in the zip start (PKWARE's APPNOTE, sections 4.3.7 and 4.3.16). */
async function startOfZipEntry(path: string, name: string): Promise<number> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, tailBytes));
    await file.read(tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(endOfDirectory);
    if (end < 0 || end + 12 > tail.length) throw dataError(name, null, null, 'the zip file is incomplete');
    const entries = tail.readUInt16LE(end + 10);
    if (entries !== 1)
      throw dataError(name, null, null, `the zip holds ${entries} files; unpack it and name one of them`);
    const head = Buffer.alloc(30);
    await file.read(head, 0, head.length, 0);
    if (head.readUInt16LE(8) !== deflated) {
      throw dataError(name, null, null, 'the zip is not deflated; unpack it and name the file');
    }
    return 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  } finally {
    await file.close();
  }
}
