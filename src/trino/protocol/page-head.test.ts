// What the first bytes of a page tell about the next one.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { namesNextPage } from './page-head.ts';

const id = '"id":"20261121_120000_00001_abcde","infoUri":"https://gw/ui/query.html?x"';
const next = '"nextUri":"https://gw/v1/statement/executing/x/y/1"';

it('tells whether a page names a next one, from its members before the first long one', () => {
  const cases: readonly (readonly [string, boolean])[] = [
    [`{${id},"partialCancelUri":"https://gw/p",${next},"columns":[`, true],
    [`{${id},${next},"stats":{`, true],
    [`{\n  ${id.replaceAll(':"', ' : "')} ,\n  ${next}`, true],
    [`{"id":"a \\" nextUri \\\\",${next}`, true],
    [`{${id},"columns":[{"name":"nextUri"`, false],
    [`{${id},"data":[["\\"nextUri\\":\\"x\\""]]`, false],
    [`{${id},"stats":{"state":"FAILED"`, false],
    [`{${id},"error":{`, false],
  ];
  for (const [page, hasNext] of cases) assert.equal(namesNextPage(page), hasNext, page);
});

it('says nothing of what is too short, and of what is no page', () => {
  const page = `{${id},${next}`;
  for (let length = 0; length < page.indexOf('"nextUri":') + 10; length += 1) assert.equal(namesNextPage(page.slice(0, length)), undefined);
  for (const text of ['', '[]', 'nextUri', '<html>', '{"data', '{"later":{"nextUri":"x"}}', `{"x":1,${next}`]) {
    assert.equal(namesNextPage(text), undefined, text);
  }
});
