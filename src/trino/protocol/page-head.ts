// Whether a page of results names a next one, from its first bytes: Trino writes `id`, `infoUri`, `partialCancelUri` and `nextUri`
// before anything that can be long (trino-protocol 1.3). The rest of a page is never looked at (design D6). Pure.

/** Where `nextUri` is not among so many bytes, the page is none of Trino's. */
export const pageHeadBytes = 4_096;

/** Texts before `nextUri`, and then the first member that tells: `nextUri`, or one of those that come after it. */
const decisive = /^\s*\{\s*(?:"[^"\\]*"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*)*?"(nextUri|columns|data|stats|error|warnings)"\s*:/;

/** `start`: the beginning of the page, of any length. Undefined when it is too short to tell, or no page. */
export function namesNextPage(start: string): boolean | undefined {
  const member = decisive.exec(start)?.[1];
  return member === undefined ? undefined : member === 'nextUri';
}
