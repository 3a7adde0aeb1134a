/**
 * `pointsman replay ... | head`: whoever read has gone, and there is nobody left to tell. A command then ends at once and
 * quietly, as other programs do of SIGPIPE; a gateway goes on serving without its banner. Any other fault of the stream
 * is thrown as if nobody listened.
 */
export function endWhenNobodyReads(isServing: boolean): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (!isServing) process.exit(0);
    });
  }
}
