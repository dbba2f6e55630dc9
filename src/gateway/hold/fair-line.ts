// Who waits for one runtime, in the order in which it is their turn: users take turns, first come first served within each. Who was
// served goes behind the other users, so that a thousand statements of one delay another's first by one place. Pure.

export class FairLine<T> {
  /** The user whose turn it is first. */
  readonly #users = new Map<string, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  countOf(user: string): number {
    return this.#users.get(user)?.size ?? 0;
  }

  add(user: string, item: T): void {
    const own = this.#users.get(user) ?? new Set<T>();
    if (own.has(item)) return;
    this.#users.set(user, own.add(item));
    this.#size += 1;
  }

  delete(user: string, item: T): boolean {
    const own = this.#users.get(user);
    if (own?.delete(item) !== true) return false;
    this.#size -= 1;
    if (own.size === 0) this.#users.delete(user);
    return true;
  }

  /** One of the user's has had its turn. */
  served(user: string): void {
    const own = this.#users.get(user);
    if (own === undefined) return;
    this.#users.delete(user);
    this.#users.set(user, own);
  }

  /** The first ones cost the same however many wait. */
  *[Symbol.iterator](): Generator<T> {
    let round: Iterator<T>[] = [];
    for (const own of this.#users.values()) {
      const items = own.values();
      const first = items.next();
      round.push(items);
      if (first.done !== true) yield first.value;
    }
    while (round.length > 0) {
      const more: Iterator<T>[] = [];
      for (const items of round) {
        const next = items.next();
        if (next.done === true) continue;
        more.push(items);
        yield next.value;
      }
      round = more;
    }
  }
}
