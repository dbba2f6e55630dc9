// `CALL system.runtime.kill_query(...)` as people and tools write it: which query it names, and where in the text. Pure, and no
// SQL parser: whatever is not plainly this call is left to Trino. Source: Trino's SqlBase.g4; measured on 483.

export interface KillQuery {
  /** Value of the literal. */
  readonly queryId: string;
  /** Its content in the text, without the quotes: from `start` up to `end`. */
  readonly start: number;
  readonly end: number;
  /** Undefined when there is none, or none that is a plain literal. */
  readonly message: string | undefined;
}

/** What completes a name of fewer than three parts. */
export interface SessionNames {
  readonly catalog: string | undefined;
  readonly schema: string | undefined;
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'symbol';
  /** Without quotes, doubled ones made single. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const pattern =
  /(?<skip>[ \r\n\t]+|--[^\r\n]*|\/\*[^]*?\*\/)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|"(?<quoted>(?:[^"]|"")*)"|'(?<text>(?:[^']|'')*)'|(?<symbol>=>|(?!\/\*)[^"'`])/y;

/** Ends early, without a last token of kind `end`, where something is not closed. */
function* tokensOf(text: string): Generator<Token | 'end'> {
  const scanner = new RegExp(pattern);
  while (scanner.lastIndex < text.length) {
    const start = scanner.lastIndex;
    const groups = scanner.exec(text)?.groups;
    if (groups === undefined) return;
    const { word, quoted, text: literal, symbol } = groups;
    const end = scanner.lastIndex;
    if (word !== undefined) yield { kind: 'word', value: word, start, end };
    else if (quoted !== undefined) yield { kind: 'quoted', value: quoted.replaceAll('""', '"'), start, end };
    else if (literal !== undefined) yield { kind: 'text', value: literal.replaceAll("''", "'"), start, end };
    else if (symbol !== undefined) yield { kind: 'symbol', value: symbol, start, end };
  }
  yield 'end';
}

interface Argument {
  /** Upper case unless quoted, as Trino compares it. */
  readonly name: string | undefined;
  readonly value: readonly Token[];
}

/** Reads tokens one by one; every method says no by returning undefined or false. */
class Reader {
  readonly #tokens: Iterator<Token | 'end'>;
  #next: Token | 'end' | undefined;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
    this.#advance();
  }

  #advance(): void {
    this.#next = this.#tokens.next().value as Token | 'end' | undefined;
  }

  get isAtEnd(): boolean {
    return this.#next === 'end';
  }

  /** The next token, when there is one and it is right. */
  take(isRight: (token: Token) => boolean): Token | undefined {
    const token = this.#next;
    if (token === undefined || token === 'end' || !isRight(token)) return undefined;
    this.#advance();
    return token;
  }

  symbol(value: string): boolean {
    return this.take((token) => token.kind === 'symbol' && token.value === value) !== undefined;
  }
}

function isName({ kind }: Token): boolean {
  return kind === 'word' || kind === 'quoted';
}

/** `system.runtime.kill_query`, completed from the session. */
function readsKillQuery(reader: Reader, { catalog = '', schema = '' }: SessionNames): boolean {
  const parts: string[] = [];
  do {
    const part = reader.take(isName);
    if (part === undefined) return false;
    parts.push(part.value);
  } while (reader.symbol('.'));
  const whole = [...(parts.length < 3 ? [catalog] : []), ...(parts.length < 2 ? [schema] : []), ...parts];
  return whole.join('.').toLowerCase() === 'system.runtime.kill_query';
}

/** One value up to the comma or parenthesis that ends it, with the name before it if there is one. */
function readArgument(reader: Reader): Argument {
  const tokens: Token[] = [];
  let name: string | undefined;
  for (let depth = 0; ;) {
    const token = reader.take(({ kind, value }) => kind !== 'symbol' || depth > 0 || (value !== ',' && value !== ')'));
    if (token === undefined) return { name, value: tokens };
    if (token.kind === 'symbol' && token.value === '(') depth += 1;
    if (token.kind === 'symbol' && token.value === ')') depth -= 1;
    const [only] = tokens;
    const isArrow = token.kind === 'symbol' && token.value === '=>';
    if (!isArrow || name !== undefined || tokens.length !== 1 || only === undefined || !isName(only)) tokens.push(token);
    else {
      name = only.kind === 'word' ? only.value.toUpperCase() : only.value;
      tokens.pop();
    }
  }
}

function literalOf(argument: Argument | undefined): Token | undefined {
  const [only, more] = argument?.value ?? [];
  return more === undefined && only?.kind === 'text' ? only : undefined;
}

/** The call, or undefined for every other statement. Positions are in UTF-16 units of `text`. Throws nothing. */
export function parseKillQuery(text: string, session: SessionNames): KillQuery | undefined {
  // Most statements begin with another word: they are not looked at further.
  if (!/^(?:call|[ \r\n\t]|--|\/\*)/i.test(text)) return undefined;
  const reader = new Reader(text);
  if (reader.take(({ kind, value }) => kind === 'word' && value.toLowerCase() === 'call') === undefined) return undefined;
  if (!readsKillQuery(reader, session) || !reader.symbol('(')) return undefined;
  const given: Argument[] = [];
  do given.push(readArgument(reader));
  while (given.length < 2 && reader.symbol(','));
  if (!reader.symbol(')') || !reader.isAtEnd) return undefined;
  const isNamed = given.some(({ name }) => name !== undefined);
  const find = (name: string, place: number): Argument | undefined => (isNamed ? given.find((one) => one.name === name) : given[place]);
  const id = literalOf(find('QUERY_ID', 0));
  const message = find('MESSAGE', 1);
  if (id === undefined || (given.length === 2 && message === undefined)) return undefined;
  return { queryId: id.value, start: id.start + 1, end: id.end - 1, message: literalOf(message)?.value };
}
