// What clients may send, and what becomes of it: the answers in their order, what the coordinator gets to see, and whether the
// connection goes on. Data. Sources: RFC 9110, RFC 9112, and the published ways to smuggle a request past a proxy.

export interface ClientCase {
  readonly name: string;
  /** Latin-1; a byte per character. */
  readonly send: string;
  readonly statuses: readonly number[];
  /** Requests that reach the coordinator: method, target and body. */
  readonly forwarded: readonly string[];
  readonly goesOn: boolean;
}

const ok = 'POST /oauth2/x HTTP/1.1\r\nHost: a\r\n';
const hidden = 'GET /oauth2/hidden HTTP/1.1\r\nHost: a\r\n\r\n';

/** Refused, nothing of it or after it reaches anybody, and the connection ends. */
function refused(name: string, send: string, status = 400): ClientCase {
  return { name, send: `${send}${hidden}`, statuses: [status], forwarded: [], goesOn: false };
}

function served(name: string, send: string, ...forwarded: readonly string[]): ClientCase {
  return { name, send, statuses: forwarded.map(() => 200), forwarded, goesOn: true };
}

/** Answered by the gateway alone. */
function answered(name: string, send: string, status: number, goesOn = true): ClientCase {
  return { name, send, statuses: [status], forwarded: [], goesOn };
}

const get = 'GET /oauth2/x';
const post = (body = ''): string => `POST /oauth2/x ${body}`;
const withLine = (line: string): string => `GET /oauth2/x HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`;
const chunked = (body: string): string => `${ok}Transfer-Encoding: chunked\r\n\r\n${body}`;

const requestLines: readonly ClientCase[] = [
  served('a plain request', withLine('Accept: */*'), `${get} `),
  served('a request with an empty line before it', `\r\n${withLine('Accept: */*')}`, `${get} `),
  refused('a request with two empty lines before it', `\r\n\r\n${withLine('Accept: */*')}`),
  refused('no version', 'GET /oauth2/x\r\nHost: a\r\n\r\n'),
  refused('HTTP/0.9', 'GET /oauth2/x HTTP/0.9\r\nHost: a\r\n\r\n', 505),
  refused('HTTP/1.2', 'GET /oauth2/x HTTP/1.2\r\nHost: a\r\n\r\n', 505),
  refused('HTTP/2.0', 'GET /oauth2/x HTTP/2.0\r\nHost: a\r\n\r\n', 505),
  refused('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505),
  refused('a version of two digits', 'GET /oauth2/x HTTP/1.10\r\nHost: a\r\n\r\n'),
  refused('a version in lower case', 'GET /oauth2/x http/1.1\r\nHost: a\r\n\r\n'),
  refused('two blanks before the target', 'GET  /oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('two blanks before the version', 'GET /oauth2/x  HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('a tab before the target', 'GET\t/oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('a blank before the method', ' GET /oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('a blank after the version', 'GET /oauth2/x HTTP/1.1 \r\nHost: a\r\n\r\n'),
  refused('a blank in the target', 'GET /oauth2/ x HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('bytes above ASCII in the target', 'GET /oauth2/\xe4 HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('a NUL in the target', 'GET /oauth2/\0 HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('a method that is no token', 'G(T /oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('no method', '/oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('a method without an end', `${'G'.repeat(70)} /oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n`),
  refused('TLS on the plain port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'),
  served('a method nobody knows', 'BREW /oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n', 'BREW /oauth2/x '),
  answered('a method in lower case, which is another method', 'get /v1/query HTTP/1.1\r\nHost: a\r\n\r\n', 405),
  answered('TRACE', 'TRACE /v1/statement HTTP/1.1\r\nHost: a\r\n\r\n', 405),
  answered('the target of a proxy', 'GET http://a/oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n', 404),
  answered('the target of a proxy for another host', 'GET http://evil/oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n', 404),
  answered('the target *', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 404),
  answered('a target without its slash', 'GET oauth2/x HTTP/1.1\r\nHost: a\r\n\r\n', 404),
  { ...answered('CONNECT', `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n${hidden}`, 404, false) },
];

const hosts: readonly ClientCase[] = [
  refused('no Host', 'GET /oauth2/x HTTP/1.1\r\n\r\n'),
  refused('two Hosts', 'GET /oauth2/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'),
  refused('the same Host twice', 'GET /oauth2/x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'),
  refused('an empty Host', 'GET /oauth2/x HTTP/1.1\r\nHost:\r\n\r\n'),
  refused('a Host with a path', 'GET /oauth2/x HTTP/1.1\r\nHost: a/b\r\n\r\n'),
  refused('a Host with a user', 'GET /oauth2/x HTTP/1.1\r\nHost: a@b\r\n\r\n'),
  refused('a list of Hosts', 'GET /oauth2/x HTTP/1.1\r\nHost: a, b\r\n\r\n'),
  refused('a Host with a port that is none', 'GET /oauth2/x HTTP/1.1\r\nHost: a:b\r\n\r\n'),
  served('a Host that is an IPv6 address', 'GET /oauth2/x HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n', `${get} `),
  { ...served('HTTP/1.0 without a Host', 'GET /oauth2/x HTTP/1.0\r\n\r\n', `${get} `), goesOn: false },
  served('HTTP/1.0 that stays', 'GET /oauth2/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', `${get} `),
];

const headerLines: readonly ClientCase[] = [
  refused('a folded line', withLine('X-A: b\r\n c')),
  refused('a folded line with a tab', withLine('X-A: b\r\n\tc')),
  refused('a first line that is folded', 'GET /oauth2/x HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n'),
  refused('a blank before the colon', withLine('X-A : b')),
  refused('a blank before the colon of Content-Length', `${ok}Content-Length : 5\r\n\r\nhello`),
  refused('a tab before the colon of Transfer-Encoding', `${ok}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`),
  refused('a line without a colon', withLine('X-A b')),
  refused('a line without a name', withLine(': b')),
  refused('a name with a blank', withLine('X A: b')),
  refused('a name with a byte above ASCII', withLine('X-\xe4: b')),
  refused('a name with a parenthesis', withLine('X-(A): b')),
  refused('a NUL in a value', withLine('X-A: b\0c')),
  refused('a control character in a value', withLine('X-A: b\x01c')),
  refused('a DEL in a value', withLine('X-A: b\x7fc')),
  refused('a lone CR in a value', withLine('X-A: b\rX-Evil: c')),
  refused('a lone LF in a value', withLine('X-A: b\nX-Evil: c')),
  refused('lines that end with LF alone', 'GET /oauth2/x HTTP/1.1\nHost: a\n\n'),
  refused('one line that ends with LF alone', 'GET /oauth2/x HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n'),
  refused('an empty line that is LF alone', 'GET /oauth2/x HTTP/1.1\r\nHost: a\r\n\n'),
  refused('lines that end with CR alone', 'GET /oauth2/x HTTP/1.1\rHost: a\r\r\n\r\n'),
  refused('lines that end with CR CR LF', 'GET /oauth2/x HTTP/1.1\r\nHost: a\r\r\n\r\n'),
  served('an empty value', withLine('X-A:'), `${get} `),
  served('blanks and tabs around a value', withLine('X-A: \t b \t '), `${get} `),
  served('bytes above ASCII in a value', withLine('X-A: \xe4\xa0'), `${get} `),
  served('300 header lines', withLine(Array.from({ length: 300 }, (_, index) => `X-A-${index}: b`).join('\r\n')), `${get} `),
  refused('2,001 header lines', withLine(Array.from({ length: 2_000 }, () => 'X-A: b').join('\r\n')), 431),
  served('a line of 1,023 KiB', withLine(`X-A: ${'b'.repeat(1023 * 1024)}`), `${get} `),
  refused('a line of 1 MiB', withLine(`X-A: ${'b'.repeat(1024 * 1024)}`), 431),
  refused('a target of 1 MiB', `GET /oauth2/${'b'.repeat(1024 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431),
];

const lengths: readonly ClientCase[] = [
  served('a body with its length', `${ok}Content-Length: 5\r\n\r\nhello`, post('hello')),
  served('a length of zero', `${ok}Content-Length: 0\r\n\r\n`, post()),
  served('a length with zeros before it', `${ok}Content-Length: 0005\r\n\r\nhello`, post('hello')),
  served('a POST without any length has no body', `${ok}\r\n`, post()),
  served('a GET with a body, which goes nowhere', `GET /oauth2/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`, `${get} `),
  served(
    'a GET with a body that looks like a request',
    `GET /oauth2/x HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    `${get} `,
  ),
  answered('a body that nobody reads', `POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`, 404),
  refused('two lengths', `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`),
  refused('the same length twice', `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`),
  refused('a list of lengths', `${ok}Content-Length: 5, 5\r\n\r\nhello`),
  refused('a length with a sign', `${ok}Content-Length: +5\r\n\r\nhello`),
  refused('a negative length', `${ok}Content-Length: -5\r\n\r\nhello`),
  refused('a hexadecimal length', `${ok}Content-Length: 0x5\r\n\r\nhello`),
  refused('a length with a fraction', `${ok}Content-Length: 5.0\r\n\r\nhello`),
  refused('a length with a blank in it', `${ok}Content-Length: 1 0\r\n\r\nhello`),
  refused('an empty length', `${ok}Content-Length:\r\n\r\nhello`),
  refused('a length beyond what can be counted', `${ok}Content-Length: 99999999999999999999\r\n\r\nhello`),
  refused('a length in other digits', `${ok}Content-Length: \xb2\r\n\r\nhello`),
];

const codings: readonly ClientCase[] = [
  served('chunks', chunked('5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n'), post('hello!')),
  served('chunks of nothing', chunked('0\r\n\r\n'), post()),
  served('Chunked in another case', `${ok}transfer-encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\n\r\n`, post('a')),
  served('chunks with extensions, which are not passed on', chunked('5;a=b;c="d"\r\nhello\r\n0;x\r\n\r\n'), post('hello')),
  served('chunks with trailers, which are not passed on', chunked('5\r\nhello\r\n0\r\nX-Trino-User: evil\r\n\r\n'), post('hello')),
  served('a size with zeros before it', chunked('0005\r\nhello\r\n0\r\n\r\n'), post('hello')),
  served(
    'a GET with chunks, which go nowhere',
    `GET /oauth2/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
    `${get} `,
  ),
  refused('both a length and chunks', `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  refused('both chunks and a length', `${ok}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`),
  refused('chunks in HTTP/1.0', 'POST /oauth2/x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  refused('chunked twice', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 501),
  refused('chunked twice in a list', `${ok}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, 501),
  refused('identity', `${ok}Transfer-Encoding: identity\r\n\r\n`, 501),
  refused('gzip, then chunked', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501),
  refused('chunked, then identity', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`, 501),
  refused('xchunked', `${ok}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 501),
  refused('chunked in quotes', `${ok}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`, 501),
  refused('chunked with a parameter', `${ok}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`, 501),
  refused('an empty coding', `${ok}Transfer-Encoding:\r\n\r\n0\r\n\r\n`, 501),
  refused('chunked after a vertical tab', `${ok}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`),
  refused('a folded coding', `${ok}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`),
  refused('a chunk without a size', chunked('\r\nhello\r\n0\r\n\r\n')),
  refused('a size that is no number', chunked('g\r\nhello\r\n0\r\n\r\n')),
  refused('a size with 0x', chunked('0x5\r\nhello\r\n0\r\n\r\n')),
  refused('a size with a sign', chunked('+5\r\nhello\r\n0\r\n\r\n')),
  refused('a size after a blank', chunked(' 5\r\nhello\r\n0\r\n\r\n')),
  refused('a size before a blank', chunked('5 \r\nhello\r\n0\r\n\r\n')),
  refused('a size beyond what can be counted', chunked('fffffffffffffffff\r\nhello\r\n0\r\n\r\n')),
  refused('a size that ends with LF alone', chunked('5\nhello\r\n0\r\n\r\n')),
  refused('an extension with LF alone in it', chunked('5;a\nhello\r\n0\r\n\r\n')),
  refused('an extension with CR alone in it', chunked('5;a\rb\r\nhello\r\n0\r\n\r\n')),
  refused('an extension without an end', chunked(`5;${'a'.repeat(3_000)}\r\nhello\r\n0\r\n\r\n`)),
  refused('a chunk longer than its size', chunked('4\r\nhello\r\n0\r\n\r\n')),
  refused('a chunk whose end is LF alone', chunked('5\r\nhello\n0\r\n\r\n')),
  refused('a trailer that is no header line', chunked('0\r\nX A: b\r\n\r\n')),
  refused('trailers without an end', chunked(`0\r\nX-A: ${'b'.repeat(20_000)}\r\n\r\n`)),
];

const connections: readonly ClientCase[] = [
  served('two requests at once', `${withLine('X-A: b')}${withLine('X-A: c')}`, `${get} `, `${get} `),
  served(
    'ten requests at once, with and without bodies',
    `${withLine('X-A: b')}${ok}Content-Length: 2\r\n\r\nhi`.repeat(5),
    ...Array.from({ length: 5 }, () => [`${get} `, post('hi')]).flat(),
  ),
  {
    name: 'a good request, then a bad one',
    send: `${withLine('X-A: b')}GET /oauth2/x HTTP/1.1\r\n\r\n${hidden}`,
    statuses: [200, 400],
    forwarded: [`${get} `],
    goesOn: false,
  },
  { ...served('Connection: close', `${withLine('Connection: close')}${hidden}`, `${get} `), goesOn: false },
  { ...served('Connection: Close among others', `${withLine('Connection: x, Close')}${hidden}`, `${get} `), goesOn: false },
  {
    name: 'Expect: 100-continue',
    send: `${ok}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
    statuses: [100, 200],
    forwarded: [post('hello')],
    goesOn: true,
  },
  {
    name: 'Expect: 100-continue where nobody wants the body: what follows could be the body or a request',
    send: `POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    statuses: [404],
    forwarded: [],
    goesOn: false,
  },
  served('Expect: 100-continue without a body', withLine('Expect: 100-continue'), `${get} `),
  refused('another expectation', withLine('Expect: money'), 417),
  served('an upgrade, which is not heard', withLine('Connection: upgrade\r\nUpgrade: websocket'), `${get} `),
  served(
    'an upgrade to h2c, which does not travel',
    withLine('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ'),
    `${get} `,
  ),
  served('TE and Trailer, which do not travel', withLine('TE: trailers\r\nTrailer: X-A'), `${get} `),
  served('a header named by Connection does not travel', withLine('Connection: hop\r\nHop: 1'), `${get} `),
  served('Connection cannot take the length away', `${ok}Connection: content-length\r\nContent-Length: 5\r\n\r\nhello`, post('hello')),
];

export const clientCases: readonly ClientCase[] = [requestLines, hosts, headerLines, lengths, codings, connections].flat();

/** Names that never reach a coordinator. */
export const neverForwarded = [
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'hop',
  'http2-settings',
  'keep-alive',
];
