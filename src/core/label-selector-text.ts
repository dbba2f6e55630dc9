// The text form of label selectors, `app=trino,tier in (a,b),!x`: a scanner and a parser of the grammar of Kubernetes, with its
// words for what cannot be read (k8s.io/apimachinery labels.Parse). Pure; what requirements mean is in selector.ts.

export type Comparison = 'in' | 'notin' | '=' | '==' | '!=' | '>' | '<';

export type ReadTerm =
  | { readonly key: string; readonly test: 'exists' | 'absent' }
  | { readonly key: string; readonly test: Comparison; readonly values: readonly string[] };

/** The text is not a selector; the message says what was found in place of what. */
export class UnreadableSelector extends Error {
  override readonly name = 'UnreadableSelector';
}

type Token = { readonly is: 'word' | 'symbol' | 'end'; readonly text: string };

const SYMBOL = /^(?:==|!=|=|>|<|!|\(|\)|,)/;
const WORD = /^[^\s=!(),><]+/;
const COMPARISONS: ReadonlySet<string> = new Set(['in', 'notin', '=', '==', '!=', '>', '<']);

/** Throws UnreadableSelector. */
export function readSelectorText(text: string): readonly ReadTerm[] {
  const tokens = scan(text);
  let at = 0;
  const next = (): Token => tokens[at] ?? { is: 'end', text: '' };
  const take = (): Token => {
    const token = next();
    at += 1;
    return token;
  };
  const isSymbol = (symbol: string): boolean => next().is === 'symbol' && next().text === symbol;
  const isTermOver = (): boolean => next().is === 'end' || isSymbol(',');
  const found = (token: Token, expected: string): string => `found '${token.text}', expected: ${expected}`;
  const badTerm = (why: string): UnreadableSelector => new UnreadableSelector(`unable to parse requirement: ${why}`);

  function takeWord(expected: string): string {
    const token = take();
    if (token.is !== 'word') throw badTerm(found(token, expected));
    return token.text;
  }

  function takeTerm(): ReadTerm {
    if (isSymbol('!')) {
      take();
      return { key: takeWord('identifier'), test: 'absent' };
    }
    const key = takeWord('identifier');
    if (isTermOver()) return { key, test: 'exists' };
    const token = take();
    if (!COMPARISONS.has(token.text)) throw badTerm(found(token, 'in, notin, =, ==, !=, gt, lt'));
    const test = token.text as Comparison;
    return { key, test, values: test === 'in' || test === 'notin' ? takeSet() : [isTermOver() ? '' : takeWord('identifier')] };
  }

  /** An absent value between commas is the empty one. */
  function takeSet(): readonly string[] {
    const open = take();
    if (open.text !== '(') throw badTerm(`found '${open.text}' expected: '('`);
    const values: string[] = [];
    if (isSymbol(')')) {
      take();
      return values;
    }
    for (;;) {
      values.push(isSymbol(',') || isSymbol(')') ? '' : takeWord("',', ')' or identifier"));
      const after = take();
      if (after.text === ')' && after.is === 'symbol') return [...new Set(values)];
      if (after.text !== ',') throw badTerm(found(after, "',' or ')'"));
    }
  }

  const terms: ReadTerm[] = [];
  while (next().is !== 'end') {
    if (next().is !== 'word' && !isSymbol('!')) throw new UnreadableSelector(found(next(), "!, identifier, or 'end of string'"));
    terms.push(takeTerm());
    if (next().is === 'end') break;
    if (!isSymbol(',')) throw new UnreadableSelector(found(next(), "',' or 'end of string'"));
    take();
    if (next().is !== 'word' && !isSymbol('!')) throw new UnreadableSelector(found(next(), "identifier after ','"));
  }
  return terms;
}

function scan(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const symbol = SYMBOL.exec(rest)?.[0];
    const token: Token = symbol === undefined ? { is: 'word', text: WORD.exec(rest)?.[0] ?? '' } : { is: 'symbol', text: symbol };
    tokens.push(token);
    rest = rest.slice(token.text.length).trimStart();
  }
  return tokens;
}
