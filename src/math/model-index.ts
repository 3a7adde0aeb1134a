/** Model ids in the order in which they were first met. */
export class ModelIndex {
  readonly #places = new Map<string, number>();
  readonly #names: string[] = [];

  get names(): readonly string[] {
    return this.#names;
  }

  get size(): number {
    return this.#names.length;
  }

  /** −1 where it was never met. */
  find(model: string): number {
    return this.#places.get(model) ?? -1;
  }

  add(model: string): number {
    const place = this.#places.get(model);
    if (place !== undefined) return place;
    this.#places.set(model, this.#names.length);
    return this.#names.push(model) - 1;
  }

  replace(models: readonly string[]): void {
    this.#places.clear();
    this.#names.length = 0;
    for (const model of models) this.add(model);
  }
}
