// Things in no order, each of which knows its place, so that adding it and taking it away makes nothing new. A Set that is emptied again
// and again makes a table each time, and each table keeps the next one in memory until all garbage is looked for. Pure bookkeeping.

export interface Placed {
  /** In the one bag that it may be in; -1: not in it. */
  place: number;
}

export class Bag<T extends Placed> {
  readonly #items: T[] = [];

  add(item: T): void {
    if (item.place < 0) item.place = this.#items.push(item) - 1;
  }

  delete(item: T): void {
    const { place } = item;
    if (place < 0) return;
    item.place = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[place] = last;
    last.place = place;
  }

  /** Those that are in it when this begins and still are when it is their turn. */
  *[Symbol.iterator](): Generator<T> {
    for (const item of [...this.#items]) if (item.place >= 0) yield item;
  }
}
