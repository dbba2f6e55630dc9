// The page with which a coordinator answers POST /v1/statement: the only one that is ever parsed (design D6). Pure.

export interface FirstPage {
  readonly id: string;
  readonly nextUri: string | undefined;
  readonly errorName: string | undefined;
}

/** Undefined when it is not such a page: no JSON object, no id, or a nextUri that is no absolute URI. */
export function parseFirstPage(body: Buffer | string): FirstPage | undefined {
  let page: { readonly id?: unknown; readonly nextUri?: unknown; readonly error?: { readonly errorName?: unknown } } | null;
  try {
    page = JSON.parse(body.toString()) as typeof page;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof page !== 'object' || page === null || typeof page.id !== 'string' || page.id === '') return undefined;
  const { id, nextUri } = page;
  if (nextUri !== undefined && (typeof nextUri !== 'string' || !URL.canParse(nextUri))) return undefined;
  const errorName = page.error?.errorName;
  return { id, nextUri, errorName: typeof errorName === 'string' ? errorName : undefined };
}
