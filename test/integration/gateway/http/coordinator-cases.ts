// What may come from a coordinator, or from whatever answers at its address, and what the client gets of it. Data. Asked with a POST,
// which is not repeated, unless the case says otherwise.

export interface CoordinatorCase {
  readonly name: string;
  readonly method?: 'GET' | 'HEAD';
  /** Latin-1; a byte per character. */
  readonly answer: string;
  /** What the coordinator does after its answer; default: it waits for the next request. */
  readonly ending?: 'end' | 'reset';
  /** Status and body; 'broken': the client's connection breaks before the answer is whole. */
  readonly client: readonly [status: number, body: string] | 'broken';
  /** Whether the next request goes over the same connection to the coordinator. */
  readonly isReused: boolean;
}

const ok = 'HTTP/1.1 200 OK\r\n';

function passed(name: string, answer: string, body: string, isReused = true): CoordinatorCase {
  return { name, answer, client: [200, body], isReused };
}

/** No answer at all is passed on. */
function refused(name: string, answer: string): CoordinatorCase {
  return { name, answer, client: [503, ''], isReused: false };
}

function broken(name: string, answer: string, ending?: 'end' | 'reset'): CoordinatorCase {
  return { name, answer, ...(ending === undefined ? {} : { ending }), client: 'broken', isReused: false };
}

const bodies: readonly CoordinatorCase[] = [
  passed('a body with its length', `${ok}Content-Length: 5\r\n\r\nhello`, 'hello'),
  passed('a length of zero', `${ok}Content-Length: 0\r\n\r\n`, ''),
  passed('chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`, 'hello!'),
  passed('chunks with extensions and trailers', `${ok}Transfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-A: b\r\n\r\n`, 'hello'),
  { ...passed('no length: until it closes', `${ok}\r\nhello`, 'hello', false), ending: 'end' },
  { ...passed('no length and no body', `${ok}\r\n`, '', false), ending: 'end' },
  { ...passed('HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello', 'hello', false), ending: 'end' },
  passed('HTTP/1.0 with a length', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello', false),
  passed('HTTP/1.0 that stays', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello', 'hello'),
  passed('Connection: close', `${ok}Connection: close\r\nContent-Length: 5\r\n\r\nhello`, 'hello', false),
  passed('a status line without a reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi', 'hi'),
  passed('a status line with an empty reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi', 'hi'),
  passed('a reason of several words', 'HTTP/1.1 200 All is (well)\r\nContent-Length: 2\r\n\r\nhi', 'hi'),
  { ...passed('a status nobody knows', 'HTTP/1.1 299 Well\r\nContent-Length: 2\r\n\r\nhi', 'hi'), client: [299, 'hi'] },
  { name: '204', answer: 'HTTP/1.1 204 No Content\r\n\r\n', client: [204, ''], isReused: true },
  { name: '204 with a length', answer: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', client: [204, ''], isReused: true },
  {
    name: '204 with a body, which is nobody’s',
    answer: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
    client: [204, ''],
    isReused: false,
  },
  {
    name: '304 with the length that a body would have',
    answer: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    client: [304, ''],
    isReused: true,
  },
  {
    name: '304 with a body, which is nobody’s',
    answer: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello',
    client: [304, ''],
    isReused: false,
  },
  {
    name: 'the answer to HEAD has a length and no body',
    method: 'HEAD',
    answer: `${ok}Content-Length: 5\r\n\r\n`,
    client: [200, ''],
    isReused: true,
  },
  {
    name: 'the answer to HEAD has a body, which is nobody’s',
    method: 'HEAD',
    answer: `${ok}Content-Length: 5\r\n\r\nhello`,
    client: [200, ''],
    isReused: false,
  },
  {
    name: 'a redirect is the client’s to follow',
    answer: 'HTTP/1.1 303 See Other\r\nLocation: http://w/x\r\nContent-Length: 0\r\n\r\n',
    client: [303, ''],
    isReused: true,
  },
  passed('a header line that Connection names does not travel', `${ok}Connection: hop\r\nHop: 1\r\nContent-Length: 2\r\n\r\nhi`, 'hi'),
  passed('a head of 1,023 KiB', `${ok}X-A: ${'b'.repeat(1023 * 1024)}\r\nContent-Length: 2\r\n\r\nhi`, 'hi'),
];

const interim: readonly CoordinatorCase[] = [
  passed('100 before the answer', `HTTP/1.1 100 Continue\r\n\r\n${ok}Content-Length: 2\r\n\r\nhi`, 'hi'),
  passed('103 before the answer', `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok}Content-Length: 2\r\n\r\nhi`, 'hi'),
  passed('two before the answer', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(2)}${ok}Content-Length: 2\r\n\r\nhi`, 'hi'),
  refused('no end of them', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(20)),
  refused('101, which nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'),
];

const ambiguous: readonly CoordinatorCase[] = [
  refused('two lengths', `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`),
  refused('the same length twice', `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`),
  refused('a list of lengths', `${ok}Content-Length: 5, 5\r\n\r\nhello`),
  refused('a negative length', `${ok}Content-Length: -1\r\n\r\nhello`),
  refused('a length that is no number', `${ok}Content-Length: five\r\n\r\nhello`),
  refused('a length beyond what can be counted', `${ok}Content-Length: 99999999999999999999\r\n\r\nhello`),
  refused('both a length and chunks', `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  refused('gzip, then chunked', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`),
  refused('chunked twice', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  refused('identity', `${ok}Transfer-Encoding: identity\r\n\r\nhello`),
  refused('chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  refused('a folded line', `${ok}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\nhi`),
  refused('a blank before a colon', `${ok}Content-Length : 2\r\n\r\nhi`),
  refused('a line without a colon', `${ok}Content-Length 2\r\n\r\nhi`),
  refused('a NUL in a value', `${ok}X-A: b\0\r\nContent-Length: 2\r\n\r\nhi`),
  refused('a lone CR in a value', `${ok}X-A: b\rSet-Cookie: c\r\nContent-Length: 2\r\n\r\nhi`),
  refused('a lone LF in a value', `${ok}X-A: b\nSet-Cookie: c\r\nContent-Length: 2\r\n\r\nhi`),
  refused('lines that end with LF alone', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nhi'),
  refused('no status', 'HTTP/1.1 OK\r\n\r\n'),
  refused('a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nhi'),
  refused('a status below 100', 'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nhi'),
  refused('HTTP/2', 'HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
  refused('no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'),
  refused('an alert of TLS', '\x15\x03\x03\x00\x02\x02\x46\r\n\r\n'),
  refused('a head without an end', `${ok}X-A: ${'b'.repeat(1100 * 1024)}`),
];

const cut: readonly CoordinatorCase[] = [
  { ...refused('nothing, and it closes', ''), ending: 'end' },
  { ...refused('nothing, and a reset', ''), ending: 'reset' },
  { ...refused('half a status line', 'HTTP/1.1 2'), ending: 'end' },
  { ...refused('half a head', `${ok}Content-Length: 2\r\n`), ending: 'end' },
  { ...refused('half a head, and a reset', `${ok}Content-Le`), ending: 'reset' },
  broken('less than its length', `${ok}Content-Length: 9\r\n\r\nhello`, 'end'),
  broken('less than its length, and a reset', `${ok}Content-Length: 9\r\n\r\nhello`, 'reset'),
  broken('no length, and a reset', `${ok}\r\nhello`, 'reset'),
  broken('chunks without a last one', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, 'end'),
  broken('half a chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`, 'end'),
  broken('a chunk without a size', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n\r\n`),
  broken('a chunk longer than its size', `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n`),
  broken('a chunk that ends with LF alone', `${ok}Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n`),
  broken('a trailer that is no header line', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nX A: b\r\n\r\n`),
];

const tooMuch: readonly CoordinatorCase[] = [
  passed('more than its length: the rest is nobody’s', `${ok}Content-Length: 2\r\n\r\nhi there`, 'hi', false),
  passed('a second answer that nobody asked for', `${ok}Content-Length: 2\r\n\r\nhi${ok}Content-Length: 4\r\n\r\nevil`, 'hi', false),
  passed(
    'more after the last chunk',
    `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n${ok}Content-Length: 4\r\n\r\nevil`,
    'hi',
    false,
  ),
];

export const coordinatorCases: readonly CoordinatorCase[] = [bodies, interim, ambiguous, cut, tooMuch].flat();
