/** Wraps prom-client: the only file that knows it. */
export interface Metrics {
  /** The Prometheus text. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}
